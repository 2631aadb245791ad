/*
 * Definitions, as PUT /v1/cpf takes them, with ' for ".
 *   GOOD(definition, answer)      answer: as field_write gives it
 *   BAD(definition, code, word)   the error's text holds the word
 */
GOOD("{'field_name':'email','field_type':'string'}",
    "{'field_name':'email','display_name':'email','field_type':'string',"
    "'field_format':null,'pii':false,'required':false,'unique':false,"
    "'searchable':false,'max_length':1000,'options':null,'regex':null,"
    "'role':null}")
GOOD("{'workspace_id':'w','field_name':'Email_2','display_name':' E-mail ',"
    "'field_type':'string','pii':true,'required':true,'unique':true,"
    "'searchable':true,'max_length':254,'regex':'@','role':'verified_email'}",
    "{'field_name':'Email_2','display_name':'E-mail','field_type':'string',"
    "'field_format':null,'pii':true,'required':true,'unique':true,"
    "'searchable':true,'max_length':254,'options':null,'regex':'@',"
    "'role':'verified_email'}")
GOOD("{'field_name':'u','field_type':'string','role':'username'}",
    "{'field_name':'u','display_name':'u','field_type':'string',"
    "'field_format':null,'pii':true,'required':false,'unique':true,"
    "'searchable':false,'max_length':1000,'options':null,'regex':null,"
    "'role':'username'}")
GOOD("{'field_name':'tier','field_type':'enum','options':['tin','gold'],"
    "'unique':false}",
    "{'field_name':'tier','display_name':'tier','field_type':'enum',"
    "'field_format':null,'pii':false,'required':false,'unique':false,"
    "'searchable':false,'max_length':null,'options':['tin','gold'],"
    "'regex':null,'role':null}")
GOOD("{'field_name':'born','field_type':'date','field_format':'dd/MM/yyyy',"
    "'searchable':true,'options':null,'regex':null,'role':null,"
    "'max_length':null,'pii':null}",
    "{'field_name':'born','display_name':'born','field_type':'date',"
    "'field_format':'dd/MM/yyyy','pii':false,'required':false,'unique':false,"
    "'searchable':true,'max_length':null,'options':null,'regex':null,"
    "'role':null}")
GOOD("{'field_name':'tags','field_type':'array','searchable':true}",
    "{'field_name':'tags','display_name':'tags','field_type':'array',"
    "'field_format':null,'pii':false,'required':false,'unique':false,"
    "'searchable':true,'max_length':1000,'options':null,'regex':null,"
    "'role':null}")
GOOD("{'field_name':'spent','field_type':'currency','field_format':'EUR',"
    "'unique':true}",
    "{'field_name':'spent','display_name':'spent','field_type':'currency',"
    "'field_format':'EUR','pii':false,'required':false,'unique':true,"
    "'searchable':false,'max_length':null,'options':null,'regex':null,"
    "'role':null}")

BAD("[]", BAD_REQUEST, "object")
BAD("{}", MISSING_FIELDS, "missing required fields: field_name, field_type")
BAD("{'field_name':'a'}", MISSING_FIELDS, "field_type")
BAD("{'field_name':null,'field_type':'string'}", MISSING_FIELDS, "field_name")
BAD("{'field_name':'a','field_type':'date'}", MISSING_FIELDS, "field_format")
BAD("{'field_name':'a','field_type':'currency'}", MISSING_FIELDS,
    "field_format")
BAD("{'field_name':'a','field_type':'enum'}", MISSING_FIELDS, "options")
BAD("{'field_name':'a','field_type':'string','colour':1}", BAD_REQUEST,
    "colour")
BAD("{'field_name':7,'field_type':'string'}", BAD_REQUEST, "field_name")
BAD("{'field_name':'','field_type':'string'}", BAD_REQUEST, "field_name")
BAD("{'field_name':'1a','field_type':'string'}", BAD_REQUEST, "field_name")
BAD("{'field_name':'_a','field_type':'string'}", BAD_REQUEST, "field_name")
BAD("{'field_name':'a-b','field_type':'string'}", BAD_REQUEST, "field_name")
BAD("{'field_name':'a b','field_type':'string'}", BAD_REQUEST, "field_name")
BAD("{'field_name':'$a','field_type':'string'}", BAD_REQUEST, "field_name")
BAD("{'field_name':'n\xc3\xa4me','field_type':'string'}", BAD_REQUEST,
    "field_name")
BAD("{'field_name':'a2345678901234567890123456789012345678901234567890"
    "123456789012345','field_type':'string'}", BAD_REQUEST, "64")
BAD("{'field_name':'customer_id','field_type':'string'}", BAD_REQUEST,
    "reserved")
BAD("{'field_name':'Error_Row','field_type':'string'}", BAD_REQUEST,
    "reserved")
BAD("{'field_name':'a','field_type':'string','display_name':'customer_ID'}",
    BAD_REQUEST, "reserved")
BAD("{'field_name':'a','field_type':'string','display_name':'  '}",
    BAD_REQUEST, "display_name")
BAD("{'field_name':'a','field_type':'string','display_name':'x\\ny'}",
    BAD_REQUEST, "control")
BAD("{'field_name':'a','field_type':'string','display_name':'x\xc2\x85y'}",
    BAD_REQUEST, "control")
BAD("{'field_name':'a','field_type':'string','display_name':true}",
    BAD_REQUEST, "display_name")
BAD("{'field_name':'a','field_type':'text'}", BAD_REQUEST,
    "string number integer boolean date currency enum array")
BAD("{'field_name':'a','field_type':'String'}", BAD_REQUEST, "field_type")
BAD("{'field_name':'a','field_type':'string','pii':1}", BAD_REQUEST, "pii")
BAD("{'field_name':'a','field_type':'string','required':'yes'}", BAD_REQUEST,
    "required")
BAD("{'field_name':'a','field_type':'boolean','unique':true}", BAD_REQUEST,
    "unique")
BAD("{'field_name':'a','field_type':'array','field_format':'date'}",
    BAD_REQUEST, "field_format of an array must be string, number, integer or "
    "boolean, the type of its elements, or not given: strings or numbers")
BAD("{'field_name':'a','field_type':'array','unique':true}", BAD_REQUEST,
    "unique")
BAD("{'field_name':'a','field_type':'boolean','searchable':true}",
    BAD_REQUEST, "searchable")
BAD("{'field_name':'a','field_type':'string','max_length':0}", BAD_REQUEST,
    "max_length")
BAD("{'field_name':'a','field_type':'string','max_length':16001}",
    BAD_REQUEST, "16000")
BAD("{'field_name':'a','field_type':'string','max_length':'9'}", BAD_REQUEST,
    "max_length")
BAD("{'field_name':'a','field_type':'string','max_length':1.5}", BAD_REQUEST,
    "max_length")
BAD("{'field_name':'a','field_type':'number','max_length':9}", BAD_REQUEST,
    "max_length")
BAD("{'field_name':'a','field_type':'number','regex':'9'}", BAD_REQUEST,
    "regex")
BAD("{'field_name':'a','field_type':'string','regex':'(9'}", BAD_REQUEST,
    "regex")
BAD("{'field_name':'a','field_type':'string','regex':''}", BAD_REQUEST,
    "regex")
BAD("{'field_name':'a','field_type':'string','field_format':'EUR'}",
    BAD_REQUEST, "field_format")
BAD("{'field_name':'a','field_type':'date','field_format':'yyyy'}",
    BAD_REQUEST, "dd/MM/yyyy")
BAD("{'field_name':'a','field_type':'currency','field_format':'eur'}",
    BAD_REQUEST, "ISO 4217")
BAD("{'field_name':'a','field_type':'currency','field_format':'XXX'}",
    BAD_REQUEST, "ISO 4217")
BAD("{'field_name':'a','field_type':'string','options':['x']}", BAD_REQUEST,
    "options")
BAD("{'field_name':'a','field_type':'enum','options':[]}", BAD_REQUEST,
    "options")
BAD("{'field_name':'a','field_type':'enum','options':'x'}", BAD_REQUEST,
    "options")
BAD("{'field_name':'a','field_type':'enum','options':['x',2]}", BAD_REQUEST,
    "options")
BAD("{'field_name':'a','field_type':'enum','options':['x','']}", BAD_REQUEST,
    "options")
BAD("{'field_name':'a','field_type':'enum','options':['x',' y']}",
    BAD_REQUEST, "options")
BAD("{'field_name':'a','field_type':'enum','options':['x','y','x']}",
    BAD_REQUEST, "options")
BAD("{'field_name':'a','field_type':'string','role':'boss'}", BAD_REQUEST,
    "verified_email username tertiary_id")
BAD("{'field_name':'a','field_type':'string','role':'username','pii':false}",
    BAD_REQUEST, "pii")
BAD("{'field_name':'a','field_type':'string','role':'username',"
    "'unique':false}", BAD_REQUEST, "unique")
BAD("{'field_name':'a','field_type':'integer','role':'username'}",
    BAD_REQUEST, "role")
