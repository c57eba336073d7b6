-- The server's files, its programs, large objects and the log.

-- attack: pg_read_file
-- expect: 42501
SELECT pg_read_file('/etc/passwd')

-- attack: pg_read_file of the server's own settings
-- expect: 42501
SELECT pg_read_file('postgresql.conf', 0, 1000, true)

-- attack: pg_read_binary_file
-- expect: 42501
SELECT encode(pg_read_binary_file('pg_hba.conf'), 'escape')

-- attack: pg_stat_file as an oracle for a file's size
-- expect: 42501
SELECT size FROM pg_stat_file('base/1')

-- attack: pg_ls_dir
-- expect: 42501
SELECT pg_ls_dir('.')

-- attack: pg_ls_logdir
-- expect: 42501
SELECT * FROM pg_ls_logdir()

-- attack: pg_ls_waldir counts everybody's writes
-- expect: 42501
SELECT count(*), sum(size) FROM pg_ls_waldir()

-- attack: pg_ls_tmpdir
-- expect: 42501
SELECT * FROM pg_ls_tmpdir()

-- attack: pg_ls_archive_statusdir
-- expect: 42501
SELECT * FROM pg_ls_archive_statusdir()

-- attack: pg_current_logfile
-- expect: 42501
SELECT pg_current_logfile()

-- attack: pg_rotate_logfile
-- expect: 42501
SELECT pg_rotate_logfile()

-- attack: pg_hba_file_rules
-- expect: 42501
SELECT * FROM pg_hba_file_rules

-- attack: pg_file_settings
-- expect: 42501
SELECT sourcefile, name, setting FROM pg_file_settings

-- attack: where the data directory is
-- expect: 42501
SELECT current_setting('data_directory')

-- attack: pg_tablespace_location
-- expect: 42501
SELECT pg_tablespace_location(1663)

-- attack: pg_relation_filepath of another's table
-- expect: 42501
SELECT pg_relation_filepath('retail.orders')

-- attack: lo_import
-- expect: 42501
SELECT lo_import('/etc/passwd')

-- attack: lo_import under a number
-- expect: 42501
SELECT lo_import('/etc/passwd', 424242)

-- attack: lo_export
-- expect: 42501
SELECT lo_export(1, '/tmp/out')

-- attack: lo_from_bytea writes a large object
-- expect: 42501
SELECT lo_from_bytea(0, '\x6869')

-- attack: lo_create
-- expect: 42501
SELECT lo_create(0)

-- attack: lo_creat
-- expect: 42501
SELECT lo_creat(-1)

-- attack: lo_put
-- expect: 42501
SELECT lo_put(1, 0, '\x00')

-- attack: lo_get
-- expect: 42501
SELECT lo_get(1)

-- attack: lo_open and loread
-- expect: 42501
SELECT loread(lo_open(1, 262144), 100)

-- attack: lo_unlink of every large object
-- expect: 42501
SELECT lo_unlink(oid) FROM pg_largeobject_metadata

-- attack: COPY from a file
-- expect: SK403, 42501
COPY retail.orders FROM '/etc/passwd'

-- attack: COPY to a program
-- expect: SK403, 42501
COPY (SELECT 1) TO PROGRAM 'id > /tmp/pwned'

-- attack: COPY to the client
-- expect: SK403, 42501
COPY retail.customers TO STDOUT

-- attack: LOAD of a library
-- expect: SK403, 42501
LOAD '/tmp/evil.so'

-- attack: a C function out of a library
-- expect: SK403, 42501
CREATE FUNCTION public.system(text) RETURNS integer AS 'libc.so.6', 'system' LANGUAGE c

-- attack: an extension that reads files
-- expect: SK403, 42501
CREATE EXTENSION file_fdw

-- attack: an external entity in an XML document
-- expect: 0A000, SK403, 2200M, 2200N
SELECT xmlparse(document '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "file:///etc/hosts"> %p; <x>&e;</x>')

-- attack: an external entity in a cast to xml
-- expect: 0A000, SK403, 2200M, 2200N
SELECT xpath('/x/text()', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd"><x>&e;</x>'::xml)

-- attack: a backup's start
-- expect: 42501
SELECT pg_backup_start('mine')

-- attack: a configuration that is loaded again
-- expect: 42501
SELECT pg_reload_conf()

-- attack: a promoted standby
-- expect: 42501
SELECT pg_promote()

-- attack: the log's next segment
-- expect: 42501
SELECT pg_switch_wal()
