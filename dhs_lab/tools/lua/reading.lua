-- Words and numbers, as the codec reads them -------------------------------------------------------

-- Words of a text from a position on, each as { text, from, past }; no more than `most`.
local function find_words(text, from, most)
    local words = {}
    for at, word, past in text:sub(from):gmatch("()(" .. WORD .. ")()") do
        words[#words + 1] = { word, from + at - 1, from + past - 1 }
        if #words == most then break end
    end
    return words
end

local function number_of(word)
    local mantissa = word:match("^(.-)[eE][+-]?%d+$") or word
    if not (mantissa:find("^[+-]?%d+%.?%d*$") or mantissa:find("^[+-]?%.%d+$")) then
        return nil, "is not a number: " .. word
    end
    local value = tonumber((word:gsub("^%+", "")))
    if value == math.huge or value == -math.huge then return nil, "is too large: " .. word end
    return value
end

local function utf8(code)
    if code < 0x80 then return string.char(code) end
    local tail, first = "", 0x3F
    while code > first do
        tail = string.char(0x80 + code % 64) .. tail
        code = math.floor(code / 64)
        first = math.floor(first / 2)
    end
    return string.char(254 - 2 * first + code) .. tail
end

local ESCAPES = { a = "\a", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", v = "\v" }

-- The character of a backslash escape in a Tcl list, and how many bytes the escape has.
local function escaped(text, at)
    local digits = text:match("^\\x(%x%x?)", at) or text:match("^\\u(%x%x?%x?%x?)", at)
        or text:match("^\\U(0?0?10%x%x%x%x)", at) or text:match("^\\U(0?0?0?%x%x?%x?%x?%x?)", at)
    if digits then return utf8(tonumber(digits, 16)), #digits + 2 end
    local octal = text:match("^\\([0-3]?[0-7][0-7]?)", at)
    if octal then return utf8(tonumber(octal, 8)), #octal + 1 end
    local line_end = text:match("^\\\n[ \t]*", at)
    if line_end then return " ", #line_end end
    local mark = text:sub(at + 1, at + 1)
    if mark == "" then return "\\", 1 end
    return ESCAPES[mark] or mark, 2
end

local function braced(text, start)
    local depth, at = 0, start
    while at <= #text do
        local mark = text:sub(at, at)
        if mark == "\\" then
            at = at + 1
        elseif mark == "{" then
            depth = depth + 1
        elseif mark == "}" then
            depth = depth - 1
            if depth == 0 then return text:sub(start + 1, at - 1), at + 1 end
        end
        at = at + 1
    end
    return nil, "has a brace that is not closed"
end

local function bare(text, start, ends)
    local pieces, at = {}, start
    while at <= #text do
        local mark = text:sub(at, at)
        if ends:find(mark, 1, true) then return table.concat(pieces), at end
        local piece, length = mark, 1
        if mark == "\\" then piece, length = escaped(text, at) end
        pieces[#pieces + 1] = piece
        at = at + length
    end
    if ends == '"' then return nil, "has a quote that is not closed" end
    return table.concat(pieces), at
end

-- Words of a Tcl list from a position on, like find_words, but without braces and quotes around them;
-- or nil and the reason.
local function split_list(text, from)
    local words, at = {}, from
    while true do
        at = text:find("[^" .. BLANKS .. "]", at)
        if not at then return words end
        local mark = text:sub(at, at)
        local word, past
        if mark == "{" then
            word, past = braced(text, at)
        elseif mark == '"' then
            word, past = bare(text, at + 1, '"')
            if word then past = past + 1 end
        else
            word, past = bare(text, at, BLANKS)
        end
        if not word then return nil, past end
        if past <= #text and not BLANKS:find(text:sub(past, past), 1, true) then
            return nil, "goes on right after a closing brace or quote"
        end
        local inner = (mark == "{" or mark == '"') and 1 or 0
        words[#words + 1] = { word, at + inner, past - inner }
        at = past
    end
end

-- Reading a message -------------------------------------------------------------------------------

-- A reader gives the items of one word, each { field, from, past, value }, or nil and the reason.
local function stored_number_of(word)
    local sign, kind = word:lower():match("^([+-]?)(%a+)$")
    if kind == "nan" then return 0 / 0 end
    if kind == "inf" or kind == "infinity" then return sign == "-" and -math.huge or math.huge end
    return number_of(word)
end

local READERS = {
    word = function(spec, word) return { spec.field, word[2], word[3] } end,
    number = function(spec, word)
        local value, reason = (spec.stored and stored_number_of or number_of)(word[1])
        return value and { spec.field, word[2], word[3], value }, reason, value
    end,
    integer = function(spec, word)
        local digits = word[1]:match("^%+?(-?%d+)$") or word[1]:match("^%+?(-?%d+)%.0*$")
        if not digits then return nil, "is not an integer: " .. word[1] end
        return { spec.field, word[2], word[3], Int64.new(digits) }
    end,
    flag = function(spec, word)
        if word[1] ~= "0" and word[1] ~= "1" then return nil, "is 0 or 1, not " .. word[1] end
        return { spec.field, word[2], word[3], word[1] == "1" }
    end,
    destination = function(spec, word)
        local value = number_of(word[1])
        if value then return { spec.as_number, word[2], word[3], value } end
        return { spec.as_word, word[2], word[3] }
    end,
}

local function read_readings(spec, text, from, items)
    local words = find_words(text, from)
    if #words == 0 or #words % 2 == 1 then return "is not pairs of name and counts" end
    for index = 1, #words, 2 do
        local name, counts = words[index], words[index + 1]
        local value, reason = number_of(counts[1])
        if not value then return reason end
        items[#items + 1] = { spec.of_name, name[2], name[3] }
        items[#items + 1] = { spec.of_counts, counts[2], counts[3], value }
    end
end

local function read_failure(spec, text, from, items)
    local words, reason = split_list(text, from)
    if not words then return reason end
    if #words < 2 then return "is not names and a reason" end
    for index = 1, #words - 1 do
        if not words[index][1]:find("^" .. WORD .. "$") then
            return "holds a list among the names"
        end
        items[#items + 1] = { spec.of_name, words[index][2], words[index][3] }
    end
    local reason_word = words[#words]
    local from_byte, past_byte = reason_word[2], reason_word[3]
    local item = { spec.of_reason, from_byte, past_byte }
    if text:sub(from_byte, past_byte - 1) ~= reason_word[1] then item.unescaped = reason_word[1] end
    items[#items + 1] = item
end

-- Each adds the items of the rest after the words, and returns the reason if it cannot.
local TAILS = {
    rest = function(spec, text, from, items)
        items[#items + 1] = { spec.field, math.min(from + 1, #text + 1), #text + 1 }
    end,
    names = function(spec, text, from, items)
        local words = find_words(text, from)
        if #words == 0 and not spec.may_be_empty then return "is missing" end
        for _, word in ipairs(words) do items[#items + 1] = { spec.field, word[2], word[3] } end
    end,
    readings = function(spec, text, from, items, values)
        local is_counted = (values.ion_chamber_time or 0) > 0
        return (is_counted and read_readings or read_failure)(spec, text, from, items)
    end,
}

-- Reads the words of a form into items and values; returns { field, reason } if it cannot.
local function read_words(message, form, text, words, items, values)
    if #words <= #form then return { form[#words].name, "is missing" } end
    for index, spec in ipairs(form) do
        local item, why, value = READERS[spec.kind](spec, words[index + 1])
        if not item then return { spec.name, why } end
        items[#items + 1] = item
        values[spec.name] = value
    end
    local past = words[#form + 1][3]
    if message.tail then
        local why = TAILS[message.tail.kind](message.tail, text, past, items, values)
        return why and { message.tail.name, why }
    end
    local from, last = text:find("[^" .. BLANKS .. "].*", past)
    if from then
        last = text:find("[" .. BLANKS .. "]*$", from) - 1
        items[#items + 1] = { common.surplus, from, last + 1 }
    end
end

-- Items of a text whose class is known, in the longest form that can be read; with a fault,
-- { field, reason }, where it is malformed.
local function read_message(message, text)
    local words = find_words(text, 1, #message.words + 1)
    local shortest, longest = message.forms[1], message.forms[#message.forms]
    local count = #words - 1
    local read, fault
    for index = #message.forms, 1, -1 do
        local form = message.forms[index]
        if not message.tail or form == longest or count <= #form then
            local items = {}
            local wrong = read_words(message, form, text, words, items, {})
            if not wrong then return items end
            if not fault or count <= #shortest then read, fault = items, wrong end
        end
    end
    return read, fault
end
