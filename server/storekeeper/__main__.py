from storekeeper.cli import main

main()
