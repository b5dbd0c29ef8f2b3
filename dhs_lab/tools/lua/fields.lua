local DEFAULT_PORTS = "14242"
local V1_SIZE = 200
local HEADER_SIZE = 26
local MAX_FRAME = 16777216 -- larger ones are not read
local BLANKS = " \t\n\v\f\r"
local WORD = "[^" .. BLANKS .. "]+"
local HANDSHAKE = {
    stoc_send_client_type = true,
    htos_client_is_hardware = true,
    htos_client_type_is_hardware = true,
    gtos_client_is_gui = true,
}
local DIRECTIONS = {
    stoc_ = "to DHS", stoh_ = "to DHS", htos_ = "to DCSS", stog_ = "to GUI", gtos_ = "from GUI",
}

local is_first, dcs = pcall(Proto, "dcs", "DCS hardware protocol")
if not is_first then -- it is loaded already, as a plugin
    io.stderr:write("dcs: this dissector is not loaded, because another one is: the plugin?\n")
    return
end

-- Fields ------------------------------------------------------------------------------------------

local common = {
    framing = ProtoField.string("dcs.framing", "Framing"),
    text_size = ProtoField.uint32("dcs.text_size", "Text size"),
    binary_size = ProtoField.uint32("dcs.binary_size", "Binary size"),
    direction = ProtoField.string("dcs.direction", "Direction"),
    keyword = ProtoField.string("dcs.keyword", "Keyword"),
    text = ProtoField.string("dcs.text", "Text"),
    surplus = ProtoField.string("dcs.surplus", "Surplus words"),
    binary = ProtoField.bytes("dcs.binary", "Binary part"),
    undecoded = ProtoField.bytes("dcs.undecoded", "Undecoded bytes"),
    fault_field = ProtoField.string("dcs.malformed.field", "Field at fault"),
    fault_reason = ProtoField.string("dcs.malformed.reason", "Reason"),
}
local experts = {
    unknown = ProtoExpert.new(
        "dcs.expert.unknown", "Unknown keyword", expert.group.UNDECODED, expert.severity.NOTE),
    malformed = ProtoExpert.new(
        "dcs.expert.malformed", "Malformed message", expert.group.MALFORMED, expert.severity.ERROR),
    framing = ProtoExpert.new(
        "dcs.expert.framing", "Broken framing", expert.group.MALFORMED, expert.severity.ERROR),
    cut = ProtoExpert.new(
        "dcs.expert.cut", "Frame goes on in another packet", expert.group.REASSEMBLE,
        expert.severity.WARN),
}

local all_fields = {}
for _, field in pairs(common) do all_fields[#all_fields + 1] = field end

-- Makers take the abbreviation, the title, and the field's text in the message's docstring.
local function text_field(name, title, says)
    return ProtoField.new(title, name, ftypes.STRING, nil, base.UNICODE, nil, says)
end
local function number_field(name, title, says) return ProtoField.double(name, title, says) end
local MAKERS = {
    number = number_field,
    integer = function(name, title, says)
        return ProtoField.int64(name, title, base.DEC, nil, nil, says)
    end,
    flag = function(name, title, says) return ProtoField.bool(name, title, nil, nil, nil, says) end,
}

local function make_field(prefix, spec)
    local name = prefix .. spec.name
    local title = (spec.name:gsub("_", " "):gsub("^%l", string.upper))
    local function add(maker, suffix, more)
        local field = maker(name .. suffix, title .. more, spec.says)
        all_fields[#all_fields + 1] = field
        return field
    end
    if spec.kind == "readings" then
        spec.of_name = add(text_field, ".name", ": name")
        spec.of_counts = add(number_field, ".counts", ": counts")
        spec.of_reason = add(text_field, ".reason", ": reason")
    elseif spec.kind == "destination" then
        spec.as_number = add(number_field, "", "")
        spec.as_word = add(text_field, "_word", " (word)")
    else
        spec.field = add(MAKERS[spec.kind] or text_field, "", "")
    end
end

for keyword, message in pairs(MESSAGES) do
    local prefix = "dcs." .. keyword:gsub("[^%w_.-]", "_") .. "."
    local short, long = {}, {}
    for _, spec in ipairs(message.words) do
        make_field(prefix, spec)
        long[#long + 1] = spec
        if not spec.optional then short[#short + 1] = spec end
    end
    if message.tail then make_field(prefix, message.tail) end
    message.forms = #short < #long and { short, long } or { long }
end

dcs.fields = all_fields
dcs.experts = { experts.unknown, experts.malformed, experts.framing, experts.cut }

local FRAMINGS = { { 1, "auto", 1 }, { 2, "v1", 2 }, { 3, "v2", 3 } }
dcs.prefs.ports = Pref.range("TCP ports", DEFAULT_PORTS, "Hardware ports of DCSS", 65535)
dcs.prefs.framing = Pref.enum(
    "Framing after the handshake", 1, "Protocol version of the DHS in DCSS's database", FRAMINGS)
dcs.prefs.heuristic = Pref.bool(
    "Look on every port", false, "Follow each connection that begins with stoc_send_client_type")
