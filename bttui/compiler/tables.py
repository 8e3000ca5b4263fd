"""Made by make_tables.py from grammar.lark: change that.

RULES has a line for each rule: the nonterminal, how many symbols it takes, the method of parser.Builder ("-": passes its child on).
STATES has a paragraph for each state: tokens and the states they lead to, nonterminals and the states they lead to, then a line for
each rule with the tokens it is reduced on.
"""

RULES = """\
arguments 1 one
arguments 3 append_third
assign 1 -
assign 1 -
attach_point 1 attach_point
attach_points 1 one
attach_points 2 same
attach_points 3 append_third
block 2 block_empty
block 3 block
block 3 block_of_one
block 4 block_with_value
bound 1 -
bound 4 cast
braced 1 -
braced 1 conditional
braced 3 conditional
braced_operand 1 -
condition 3 second
condition 1 -
config_word 1 config_word
expression 1 folded
expression 5 ternary
expression 4 ternary_short
fields 1 one
fields 3 append_record_field
identifier 1 identifier
if 3 branch
if_chain 1 one
if_chain 3 append_third
import_statement 2 import_statement
integer 1 integer
item 1 c_definition
item 5 config
item 2 same
item 5 macro
item 6 macro_with_parameters
item 7 subprogram
item 8 subprogram_with_parameters
item 7 map_declaration
item 8 map_declaration
item 2 probe
item 5 probe_with_predicate
items 0 empty
items 2 append
iterated 1 map_iterated
iterated 3 range_iterated
macro_parameter 1 -
macro_parameter 1 -
macro_parameter 1 -
macro_parameters 1 one
macro_parameters 3 append_third
map 1 map
operation 1 -
operation 3 operation
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
operator 1 -
parameter 3 parameter
parameters 1 one
parameters 3 append_third
path 1 -
path 3 field
postfix 1 -
postfix 3 field
postfix 3 field
postfix 3 tuple_field
postfix 4 index
postfix 2 postfix_step
postfix 2 postfix_step
primary 1 -
primary 1 -
primary 1 boolean
primary 1 boolean
primary 1 -
primary 1 -
primary 1 positional
primary 1 -
primary 4 map_access
primary 3 call
primary 4 call_with_arguments
primary 2 tuple_empty
primary 3 parenthesized
primary 4 tuple_literal
primary 3 record
primary 4 call_on_expression
primary 4 call_on_expression
primary 6 offset_of
primary 6 offset_of
primary 1 type_argument
primary 1 -
record_field 3 record_field
setting 3 literal_setting
setting 3 literal_setting
setting 3 word_setting
setting 3 word_setting
setting 3 word_setting
settings 0 empty
settings 2 same
settings 1 one
settings 3 append_third
simple 1 expression_statement
simple 3 assignment
simple 2 let
simple 4 let_value
simple 4 let_type
simple 6 let_type_value
simple 1 return_nothing
simple 2 return_value
simple 1 break_statement
simple 1 continue_statement
simple 1 -
start 1 start
statement 2 ended_statement
statement 1 braced_statement
statement 3 while_statement
statement 3 unroll_statement
statement 5 for_statement
statement 7 for_in_parentheses
statements 1 one
statements 2 append
string 1 string
type 1 type_name
type 2 type_name
type 2 type_name
type 2 type_name
type 2 pointer_to
type 3 array_of
type 4 array_of
type 1 -
type_function 1 -
type_function 1 -
type_of 4 type_of
type_of 4 type_of
unary 1 -
unary 2 unary
unary 2 unary
unary 2 unary
unary 2 unary
unary 2 address_of
unary 2 prefix_step
unary 2 prefix_step
unary 2 comptime
unary 4 cast
variable 1 variable
"""
STATES = """\
-
items 1 start 2
43 $END ATTACH_POINT config C_DEFINITION fn import let macro

ATTACH_POINT 3 config 4 C_DEFINITION 5 fn 6 import 7 let 8 macro 9
attach_point 10 attach_points 11 config_word 12 import_statement 13 item 14
127 $END

$END 0
-

-
-
4 , { PREDICATE

-
-
20 =

-
-
32 $END ATTACH_POINT config C_DEFINITION fn import let macro

NAME 15
-

STRING 16
string 17

MAP 18
map 19

NAME 20
-

-
-
5 , { PREDICATE

, 21 { 22 PREDICATE 23
block 24

= 25
-

; 26
-

-
-
44 $END ATTACH_POINT config C_DEFINITION fn import let macro

( 27
-

-
-
136 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
30 } ;

-
-
52 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

= 28
-

( 29
-

ATTACH_POINT 3
attach_point 30
6 , { PREDICATE

& 31 ! 32 break 33 comptime 34 continue 35 false 36 for 37 if 38 import 7 INTEGER 39 { 22 let 40 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 } 46 return 47 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 unroll 55 VARIABLE 56 while 57 -- 58 ++ 59
block 60 braced 61 braced_operand 62 expression 63 identifier 64 if 65 if_chain 66 import_statement 67 integer 68 map 69 operation 70 postfix 71 primary 72 simple 73 statement 74 statements 75 string 76 type_function 77 type_of 78 unary 79 variable 80

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 82 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

-
-
41 $END ATTACH_POINT config C_DEFINITION fn import let macro

{ 84
-

-
-
34 $END ATTACH_POINT config C_DEFINITION fn import let macro

) 85 VARIABLE 86
parameter 87 parameters 88

NAME 89
-

MAP 18 NAME 90 ) 91 VARIABLE 56
identifier 92 macro_parameter 93 macro_parameters 94 map 95 variable 96

-
-
7 , { PREDICATE

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 97 variable 80

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 98 variable 80

-
-
124 } ;

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 99 variable 80

-
-
125 } ;

-
-
88 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

CONDITION 100 VARIABLE 56
variable 101

& 31 ! 32 comptime 34 CONDITION 102 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 condition 103 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 104 variable 80

-
-
31 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

VARIABLE 56
variable 105

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 KEY 106 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 ) 107 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
arguments 108 block 60 braced 81 braced_operand 62 expression 109 fields 110 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 record_field 111 string 76 type_function 77 type_of 78 unary 79 variable 80

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 112 variable 80

( 113
-
26 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

( 114 TYPE 115
-

-
-
91 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
8 $END & ASSIGNMENT ATTACH_POINT ! break ^ : , comptime config continue C_DEFINITION . else END_PREDICATE = false fn for if import INTEGER { < let ( [ macro MAP - > NAME offsetof % + POSITIONAL ? } return ) ] ; sizeof / * STRING ~ true TYPE typeinfo typeof unroll VARIABLE | while .. || -- -> && == != <= >= << >> ++

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 116 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80
122 } ;

-
-
145 ( TYPE

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 117 variable 80

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 118 variable 80

-
-
87 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

enum 119 NAME 120 struct 121 typeof 54 union 122
type 123 type_of 124

-
-
146 ( TYPE

( 125 TYPE 126
-

& 31 ! 32 comptime 34 CONDITION 102 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 condition 127 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 104 variable 80

-
-
159 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

& 31 ! 32 comptime 34 CONDITION 102 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 condition 128 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 104 variable 80

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 129 variable 80

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 130 variable 80

-
-
14 & ASSIGNMENT ! break ^ : , comptime continue . END_PREDICATE = false for if import INTEGER { < let ( [ MAP - > NAME offsetof % + POSITIONAL ? } return ) ] ; sizeof / * STRING ~ true TYPE typeinfo typeof unroll VARIABLE | while .. || -- -> && == != <= >= << >> ++

-
-
17 & ASSIGNMENT ^ . = < [ - > % + ? } ; / * | || -- -> && == != <= >= << >> ++
129 ! break comptime continue false for if import INTEGER { let ( MAP NAME offsetof POSITIONAL return sizeof STRING ~ true TYPE typeinfo typeof unroll VARIABLE while

-
-
105 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
116 } ;

-
-
89 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
28 & ASSIGNMENT ! break ^ : , comptime continue . else END_PREDICATE = false for if import INTEGER { < let ( [ MAP - > NAME offsetof % + POSITIONAL ? } return ) ] ; sizeof / * STRING ~ true TYPE typeinfo typeof unroll VARIABLE | while .. || -- -> && == != <= >= << >> ++

else 131
-
15 & ASSIGNMENT ! break ^ : , comptime continue . END_PREDICATE = false for if import INTEGER { < let ( [ MAP - > NAME offsetof % + POSITIONAL ? } return ) ] ; sizeof / * STRING ~ true TYPE typeinfo typeof unroll VARIABLE | while .. || -- -> && == != <= >= << >> ++

-
-
126 } ;

-
-
85 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

[ 132
-
92 & ASSIGNMENT ^ : , . END_PREDICATE = { < - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

& 133 ^ 134 < 135 - 136 > 137 % 138 + 139 ? 140 / 141 * 142 | 143 || 144 && 145 == 146 != 147 <= 148 >= 149 << 150 >> 151
operator 152
21 : , END_PREDICATE } ) ] ;

ASSIGNMENT 153 . 154 = 155 [ 156 -- 157 -> 158 ++ 159
assign 160
149 & ^ < - > % + ? } ; / * | || && == != <= >= << >>

-
-
78 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

} 161 ; 162
-

-
-
134 & ! break comptime continue false for if import INTEGER { let ( MAP - NAME offsetof POSITIONAL } return sizeof * STRING ~ true TYPE typeinfo typeof unroll VARIABLE while -- ++

& 31 ! 32 break 33 comptime 34 continue 35 false 36 for 37 if 38 import 7 INTEGER 39 { 22 let 40 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 } 163 return 47 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 unroll 55 VARIABLE 56 while 57 -- 58 ++ 59
block 60 braced 61 braced_operand 62 expression 63 identifier 64 if 65 if_chain 66 import_statement 67 integer 68 map 69 operation 70 postfix 71 primary 72 simple 164 statement 165 string 76 type_function 77 type_of 78 unary 79 variable 80

-
-
86 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

( 166 TYPE 167
-

-
-
104 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
53 & ^ : , END_PREDICATE < - > % + ? } ) ] ; / * | || && == != <= >= << >>

-
-
90 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
17 & ^ : , . END_PREDICATE { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

END_PREDICATE 168
-

. 154 [ 156 -- 157 -> 158 ++ 159
-
149 & ^ : , END_PREDICATE { < - > % + ? } ) ] ; / * | .. || && == != <= >= << >>

NAME 169
setting 170 settings 171
112 } ;

: 172
-

: 173
-

-
-
74 , )

, 174 ) 175
-

( 176
-

-
-
26 , . )

{ 22
block 177

-
-
49 , )

-
-
50 , )

, 178 ) 179
-

-
-
48 , )

-
-
47 , )

-
-
154 & ^ : , END_PREDICATE { < - > % + ? } ) ] ; / * | .. || && == != <= >= << >>

-
-
151 & ^ : , END_PREDICATE { < - > % + ? } ) ] ; / * | .. || && == != <= >= << >>

-
-
157 & ^ : , END_PREDICATE { < - > % + ? } ) ] ; / * | .. || && == != <= >= << >>

VARIABLE 56
variable 180

: 181
-

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 182 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

{ 22
block 183

-
-
19 {

: 184 = 185
-
118 } ;

= 186
-

-
-
96 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

, 187 ) 188
-

-
-
0 , ) ]

, 189 ) 190
-

-
-
24 , )

-
-
150 & ^ : , END_PREDICATE { < - > % + ? } ) ] ; / * | .. || && == != <= >= << >>

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 ) 191 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
arguments 192 block 60 braced 81 braced_operand 62 expression 109 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 193 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

enum 119 NAME 120 struct 121 typeof 54 union 122
type 194 type_of 124

-
-
123 } ;

-
-
153 & ^ : , END_PREDICATE { < - > % + ? } ) ] ; / * | .. || && == != <= >= << >>

-
-
152 & ^ : , END_PREDICATE { < - > % + ? } ) ] ; / * | .. || && == != <= >= << >>

NAME 195
-

-
-
137 , = { [ } ) ; *

NAME 196
-

NAME 197
-

[ 198 ) 199 * 200
-

-
-
144 , = { [ } ) ; *

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 201 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

enum 119 NAME 120 struct 121 typeof 54 union 122
type 202 type_of 124

{ 22
block 203

{ 22
block 204

-
-
156 & ^ : , END_PREDICATE { < - > % + ? } ) ] ; / * | .. || && == != <= >= << >>

-
-
155 & ^ : , END_PREDICATE { < - > % + ? } ) ] ; / * | .. || && == != <= >= << >>

if 38 { 22
block 205 if 206

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
arguments 207 block 60 braced 81 braced_operand 62 expression 109 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

-
-
59 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
58 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
62 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
69 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
63 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
72 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
68 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

& 31 ! 32 : 208 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 209 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

-
-
71 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
70 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
57 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
55 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
56 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
60 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
61 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
64 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
65 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
66 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

-
-
67 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 210 variable 80

-
-
2 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

INTEGER 39 NAME 211
integer 212

-
-
3 & ! comptime false if INTEGER { ( MAP - NAME offsetof POSITIONAL sizeof * STRING ~ true TYPE typeinfo typeof VARIABLE -- ++

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 213 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

-
-
84 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

NAME 214
-

-
-
83 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 215 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

-
-
10 $END & ASSIGNMENT ATTACH_POINT ! break ^ : , comptime config continue C_DEFINITION . else END_PREDICATE = false fn for if import INTEGER { < let ( [ macro MAP - > NAME offsetof % + POSITIONAL ? } return ) ] ; sizeof / * STRING ~ true TYPE typeinfo typeof unroll VARIABLE | while .. || -- -> && == != <= >= << >> ++

-
-
128 & ! break comptime continue false for if import INTEGER { let ( MAP - NAME offsetof POSITIONAL } return sizeof * STRING ~ true TYPE typeinfo typeof unroll VARIABLE while -- ++

-
-
9 $END & ASSIGNMENT ATTACH_POINT ! break ^ : , comptime config continue C_DEFINITION . else END_PREDICATE = false fn for if import INTEGER { < let ( [ macro MAP - > NAME offsetof % + POSITIONAL ? } return ) ] ; sizeof / * STRING ~ true TYPE typeinfo typeof unroll VARIABLE | while .. || -- -> && == != <= >= << >> ++

} 216 ; 162
-

-
-
135 & ! break comptime continue false for if import INTEGER { let ( MAP - NAME offsetof POSITIONAL } return sizeof * STRING ~ true TYPE typeinfo typeof unroll VARIABLE while -- ++

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 217 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

enum 119 NAME 120 struct 121 typeof 54 union 122
type 218 type_of 124

{ 22
block 219

= 220
-

-
-
114 } ;

} 221 ; 222
-

enum 119 NAME 120 struct 121 typeof 54 union 122
type 223 type_of 124

enum 119 NAME 120 struct 121 typeof 54 union 122
type 224 type_of 124

VARIABLE 86
parameter 225

: 226
-

INTEGER 39
integer 227

-
-
35 $END ATTACH_POINT config C_DEFINITION fn import let macro

MAP 18 NAME 90 VARIABLE 56
identifier 92 macro_parameter 228 map 95 variable 96

{ 22
block 229

: 230
-

false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 STRING 16 true 51 TYPE 231 typeinfo 53 typeof 54 VARIABLE 56
block 60 bound 232 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 iterated 233 map 69 primary 234 string 76 type_function 77 type_of 78 variable 80

) 235
-

-
-
27 & ASSIGNMENT ! break ^ : , comptime continue . else END_PREDICATE = false for if import INTEGER { < let ( [ MAP - > NAME offsetof % + POSITIONAL ? } return ) ] ; sizeof / * STRING ~ true TYPE typeinfo typeof unroll VARIABLE | while .. || -- -> && == != <= >= << >> ++

enum 119 NAME 120 struct 121 typeof 54 union 122
type 236 type_of 124

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 237 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 238 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 ) 239 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 240 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

-
-
97 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

KEY 106
record_field 241

-
-
99 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
94 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

, 242 ) 243
-

, 244
-

, 245 [ 198 * 200
-

-
-
140 , = { [ } ) ; *

-
-
138 , = { [ } ) ; *

-
-
139 , = { [ } ) ; *

INTEGER 39 ] 246
integer 247

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 248 variable 80

-
-
141 , = { [ } ) ; *

) 249
-

[ 198 ) 250 * 200
-

-
-
131 & ! break comptime continue false for if import INTEGER { let ( MAP - NAME offsetof POSITIONAL } return sizeof * STRING ~ true TYPE typeinfo typeof unroll VARIABLE while -- ++

-
-
130 & ! break comptime continue false for if import INTEGER { let ( MAP - NAME offsetof POSITIONAL } return sizeof * STRING ~ true TYPE typeinfo typeof unroll VARIABLE while -- ++

-
-
16 & ASSIGNMENT ! break ^ : , comptime continue . END_PREDICATE = false for if import INTEGER { < let ( [ MAP - > NAME offsetof % + POSITIONAL ? } return ) ] ; sizeof / * STRING ~ true TYPE typeinfo typeof unroll VARIABLE | while .. || -- -> && == != <= >= << >> ++

-
-
29 & ASSIGNMENT ! break ^ : , comptime continue . else END_PREDICATE = false for if import INTEGER { < let ( [ MAP - > NAME offsetof % + POSITIONAL ? } return ) ] ; sizeof / * STRING ~ true TYPE typeinfo typeof unroll VARIABLE | while .. || -- -> && == != <= >= << >> ++

, 242 ] 251
-

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 252 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

: 253
-

-
-
54 & ^ : , END_PREDICATE < - > % + ? } ) ] ; / * | || && == != <= >= << >>

-
-
79 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
81 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

] 254
-

-
-
80 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
117 } ;

-
-
11 $END & ASSIGNMENT ATTACH_POINT ! break ^ : , comptime config continue C_DEFINITION . else END_PREDICATE = false fn for if import INTEGER { < let ( [ macro MAP - > NAME offsetof % + POSITIONAL ? } return ) ] ; sizeof / * STRING ~ true TYPE typeinfo typeof unroll VARIABLE | while .. || -- -> && == != <= >= << >> ++

) 255
-

[ 198 ) 256 * 200
-

-
-
42 $END ATTACH_POINT config C_DEFINITION fn import let macro

false 257 INTEGER 39 NAME 258 STRING 16 true 259
integer 260 string 261

-
-
33 $END ATTACH_POINT config C_DEFINITION fn import let macro

NAME 169
setting 262
113 } ;

{ 22 [ 198 * 200
block 263

[ 198 * 200
-
73 , )

-
-
75 , )

enum 119 NAME 120 struct 121 typeof 54 union 122
type 264 type_of 124

) 265
-

-
-
51 , )

-
-
36 $END ATTACH_POINT config C_DEFINITION fn import let macro

false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 STRING 16 true 51 TYPE 231 typeinfo 53 typeof 54 VARIABLE 56
block 60 bound 232 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 iterated 266 map 69 primary 234 string 76 type_function 77 type_of 78 variable 80

enum 119 NAME 120 struct 121 typeof 54 union 122
type 267 type_of 124

.. 268
-

{ 22
block 269

-
-
12 ..
45 { )

-
-
18 {

= 270 [ 198 * 200
-
120 } ;

-
-
119 } ;

-
-
106 , )

-
-
98 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
1 , ) ]

-
-
25 , )

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 240 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

-
-
95 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

NAME 90
identifier 271 path 272

NAME 90
identifier 271 path 273

-
-
142 , = { [ } ) ; *

] 274
-

-
-
158 & ^ : , END_PREDICATE { < - > % + ? } ) ] ; / * | .. || && == != <= >= << >>

-
-
147 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
148 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
93 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
23 : , END_PREDICATE } ) ] ;

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 275 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

-
-
82 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
100 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
101 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
111 } ;

-
-
109 } ;

-
-
110 } ;

-
-
107 } ;

-
-
108 } ;

-
-
115 } ;

-
-
37 $END ATTACH_POINT config C_DEFINITION fn import let macro

{ 22 [ 198 * 200
block 276

; 277
-
39 $END ATTACH_POINT config C_DEFINITION fn import let macro

) 278
-

[ 198 ) 279 * 200
-

false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 STRING 16 true 51 TYPE 231 typeinfo 53 typeof 54 VARIABLE 56
block 60 bound 280 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 primary 281 string 76 type_function 77 type_of 78 variable 80

-
-
132 & ! break comptime continue false for if import INTEGER { let ( MAP - NAME offsetof POSITIONAL } return sizeof * STRING ~ true TYPE typeinfo typeof unroll VARIABLE while -- ++

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 expression 282 identifier 64 if 65 if_chain 66 integer 68 map 69 operation 70 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 79 variable 80

-
-
76 . )

. 283 ) 284
-

. 283 ) 285
-

-
-
143 , = { [ } ) ; *

-
-
22 : , END_PREDICATE } ) ] ;

-
-
38 $END ATTACH_POINT config C_DEFINITION fn import let macro

-
-
40 $END ATTACH_POINT config C_DEFINITION fn import let macro

{ 22
block 286

& 31 ! 32 comptime 34 false 36 if 38 INTEGER 39 { 22 ( 41 MAP 18 - 42 NAME 43 offsetof 44 POSITIONAL 45 sizeof 48 * 49 STRING 16 ~ 50 true 51 TYPE 52 typeinfo 53 typeof 54 VARIABLE 56 -- 58 ++ 59
block 60 braced 81 braced_operand 62 identifier 64 if 65 if_chain 66 integer 68 map 69 postfix 83 primary 72 string 76 type_function 77 type_of 78 unary 287 variable 80

-
-
46 { )

-
-
12 { )

-
-
121 } ;

NAME 288
-

-
-
102 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
103 & ASSIGNMENT ^ : , . END_PREDICATE = { < [ - > % + ? } ) ] ; / * | .. || -- -> && == != <= >= << >> ++

-
-
133 & ! break comptime continue false for if import INTEGER { let ( MAP - NAME offsetof POSITIONAL } return sizeof * STRING ~ true TYPE typeinfo typeof unroll VARIABLE while -- ++

-
-
13 { ) ..

-
-
77 . )

"""
