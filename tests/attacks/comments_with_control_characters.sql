-- Comments, quotes and characters that are read otherwise than they look.

-- attack: a byte order mark before the query
-- expect: 42601, 42703, 42P01, SK400, SK403, own rows
-- expand: '\ufeffSELECT count(*), max(email) FROM customers'

-- attack: a byte order mark inside a name
-- expect: 42703, 42P01
-- expand: 'SELECT * FROM ord\ufeffers'

-- attack: a zero-width space inside a keyword
-- expect: 42601, SK403, SK400
-- expand: 'SEL\u200bECT * FROM customers'

-- attack: a zero-width joiner in a table's name
-- expect: 42P01, 42501
-- expand: 'SELECT * FROM gateway.\u200dkeys'

-- attack: a soft hyphen in a function's name
-- expect: 42883
-- expand: "SELECT set_\xadconfig('role', 'head_office', true)"

-- attack: Cyrillic letters in a function's name
-- expect: 42883
SELECT рg_sleep(10)

-- attack: fullwidth letters in a function's name
-- expect: 42883
SELECT ｐｇ_sleep(10)

-- attack: fullwidth quotes
-- expect: 42601, 42703
SELECT count(*) FROM stores WHERE name = ＇Zava＇ OR 1=1

-- attack: a right-to-left override that turns the text around
-- expect: own rows, 42601
-- expand: 'SELECT count(*), max(email) FROM customers /* \u202e evil \u2066 \u2069 */ WHERE true'

-- attack: a right-to-left override in a string
-- expect: no rows
-- expand: "SELECT name FROM stores WHERE name = '\u202eelttaeS'"

-- attack: tags of the Unicode planes
-- expect: own rows
-- expand: 'SELECT max(email) FROM customers -- \U000e0041\U000e0042'

-- attack: a line separator that ends no comment
-- expect: own rows
-- expand: "SELECT max(email) FROM customers -- \u2028 WHERE store_id = '{other_store}'"

-- attack: a next-line character that ends no comment
-- expect: own rows
-- expand: 'SELECT max(email) FROM customers -- \x85 UNION SELECT email FROM gateway.principals'

-- attack: a carriage return that ends a comment
-- expect: 42501
-- expand: 'SELECT 1 --\rUNION SELECT count(*) FROM gateway.principals'

-- attack: a vertical tab and a form feed for blanks
-- expect: own rows, 42601
-- expand: 'SELECT\x0bmax(email)\x0cFROM\tcustomers'

-- attack: a no-break space for a blank
-- expect: 42601, 42703, 42P01
-- expand: 'SELECT\xa0max(email)\xa0FROM\xa0customers'

-- attack: a backspace that hides what was written
-- expect: 42601
-- expand: 'SELECT max(email) FROM customers\x08\x08\x08\x08\x08\x08\x08\x08\x08gateway.principals'

-- attack: an escape sequence that clears a terminal
-- expect: own rows, 42601
-- expand: 'SELECT max(email), \'\x1b[2J\x1b[31m\' AS "\x1b[1A" FROM customers'

-- attack: an escape sequence outside a string
-- expect: 42601
-- expand: 'SELECT 1 \x1b]0;owned\x07'

-- attack: a bell and a delete
-- expect: own rows
-- expand: 'SELECT max(email) AS "\x07\x7f" FROM customers'

-- attack: the C1 control characters
-- expect: own rows
-- expand: "SELECT max(email), '\x9b31m\x90\x9c' FROM customers"

-- attack: a NUL in the text
-- expect: 22021, 22P05, SK400, 54000, 42601
-- expand: 'SELECT 1\x00; DELETE FROM retail.orders'

-- attack: a Unicode escape of NUL
-- expect: 22P02, 42601, 22021
SELECT U&'\0000'

-- attack: half a surrogate pair
-- expect: 42601, 22P02, 22021
SELECT U&'\D800'

-- attack: a byte escape that is no UTF-8
-- expect: 22021
SELECT E'\xff\xfe'

-- attack: a quoted name in Unicode escapes
-- expect: 42501, SK403
SELECT * FROM U&"g\0061teway".U&"k\0065ys"

-- attack: a Unicode escape with an escape character of its own
-- expect: 42501, SK403
SELECT U&"p!0067_sleep" UESCAPE '!' (10)

-- attack: a comment at the beginning
-- expect: own rows
/* hello */ SELECT max(email) FROM customers

-- attack: a line comment at the beginning
-- expect: own rows
-- hello
SELECT max(email) FROM customers

-- attack: nested comments
-- expect: own rows
SELECT /* a /* b */ DELETE FROM retail.orders; */ max(email) FROM customers

-- attack: a comment that is closed once too often
-- expect: 42601, 42883
SELECT /* a */ */ 1

-- attack: a comment that is not closed
-- expect: 42601
SELECT max(email) FROM customers /* UNION

-- attack: a nested comment that is not closed
-- expect: 42601
SELECT max(email) FROM customers /* /* */

-- attack: a line comment without a line's end
-- expect: own rows
SELECT max(email) FROM customers -- that was all

-- attack: a line comment that would hide the cap
-- expect: own rows
SELECT email FROM customers LIMIT 3 --

-- attack: a parenthesis that closes the server's own
-- expect: 42601
SELECT 1) AS q ON true CROSS JOIN gateway.keys --

-- attack: a comment in MySQL's way
-- expect: own rows
SELECT max(email) /*! , (SELECT max(email) FROM gateway.principals) */ FROM customers

-- attack: a number sign is no comment
-- expect: 42601
SELECT max(email) FROM customers # gateway

-- attack: a quote that is not closed
-- expect: 42601
SELECT 'x FROM customers

-- attack: a quoted name that is not closed
-- expect: 42601
SELECT "x FROM customers

-- attack: a dollar quote that is not closed
-- expect: 42601
SELECT $a$x FROM customers

-- attack: a dollar quote with another tag's end
-- expect: 42601
SELECT $a$x$b$ FROM customers

-- attack: an empty quoted name
-- expect: 42601
SELECT "" FROM customers

-- attack: a quote behind a backslash
-- expect: 42601, 22P02
SELECT 'x\' OR 1=1 --' FROM gateway.principals

-- attack: a quote behind a backslash in an escape string
-- expect: no rows, 42703, 42601
SELECT name FROM stores WHERE name = E'x\' OR 1=1 --'

-- attack: strings that are joined over lines
-- expect: no rows
SELECT name FROM stores WHERE name = 'Zava '
  'Retail {other_store}'

-- attack: a name that is longer than names are
-- expect: 42P01, 42703, 42622
-- expand: "SELECT * FROM " + "o" * 200

-- attack: a semicolon in a comment
-- expect: own rows
SELECT max(email) FROM customers /* ; COMMIT; DELETE FROM retail.orders */

-- attack: many semicolons at the end
-- expect: own rows
SELECT max(email) FROM customers ;;; ; 
;

-- attack: a psql command
-- expect: 42601
\! id

-- attack: a copy's end
-- expect: 42601
\.
SELECT 1

-- attack: only a comment
-- expect: SK400, 42601, SK403, 42P11
-- nothing

-- attack: only blanks
-- expect: SK400
-- expand: '   \t\n  '
