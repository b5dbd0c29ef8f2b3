-- Frames ------------------------------------------------------------------------------------------

local tcp_stream = Field.new("tcp.stream")
local first_v2 = {} -- of each TCP stream, the number of the packet with its first v2 frame

function dcs.init() first_v2 = {} end

local function sizes_of(header)
    local blanks = "[" .. BLANKS .. "]"
    local text, binary = header:gsub("\0", " "):match(
        "^" .. blanks .. "*(%d+)" .. blanks .. "+(%d+)" .. blanks .. "*$")
    if text then return tonumber(text), tonumber(binary) end
end

-- Whether these may be the first bytes of a handshake, which is always v1.
local function may_be_handshake(head)
    local begins = head:match("^[^\0" .. BLANKS .. "]*")
    for keyword in pairs(HANDSHAKE) do
        if keyword:sub(1, #begins) == begins then return true end
    end
    return false
end

-- The frame at a position: framing and sizes; how many bytes are missing; or why there is none.
local function frame_at(tvb, at, number)
    local have = tvb:captured_len() - at
    local head = tvb:raw(at, math.min(have, HEADER_SIZE))
    local stream = tcp_stream()
    local key = stream and stream.value or -1
    local is_v2 = dcs.prefs.framing == 3 or (first_v2[key] and number > first_v2[key])
    local may_be_v2 = head:find("^[ 0-9]") and dcs.prefs.framing ~= 2
    if may_be_v2 then
        if have < HEADER_SIZE then return { need = DESEGMENT_ONE_MORE_SEGMENT } end
        local text_size, binary_size = sizes_of(head)
        if text_size and text_size + binary_size <= MAX_FRAME then
            if not first_v2[key] then first_v2[key] = number end
            local size = HEADER_SIZE + text_size + binary_size
            if have < size then return { need = size - have } end
            return { framing = "v2", size = size, text_at = HEADER_SIZE, text_size = text_size,
                     binary_size = binary_size }
        end
        if text_size then return { broken = "a frame of more than 16 MiB is announced" } end
        if is_v2 then return { broken = "the header is not two sizes" } end
    elseif is_v2 and not may_be_handshake(head) then
        return { broken = "a header of two sizes is missing here" }
    end
    if have < V1_SIZE then return { need = V1_SIZE - have } end
    return { framing = "v1", size = V1_SIZE, text_at = 0, text_size = V1_SIZE, binary_size = 0 }
end

-- Showing -----------------------------------------------------------------------------------------

local function add_item(tree, tvb, offset, item)
    local field, from, past, value = item[1], item[2], item[3], item[4]
    local range = tvb(offset + from - 1, past - from)
    if item.unescaped and item.unescaped ~= "" then
        -- In separate bytes, for which Wireshark has a tab.
        local bytes = ByteArray.new(item.unescaped, true)
        tree:add_packet_field(field, bytes:tvb("DCS, without backslashes")(), ENC_UTF_8)
    elseif value ~= nil then
        tree:add(field, range, value)
    elseif past == from then
        tree:add(field, range, "")
    else
        tree:add_packet_field(field, range, ENC_UTF_8)
    end
end

local function printable(text)
    local short = #text > 100 and text:sub(1, 100) .. "..." or text
    return (short:gsub("[^\32-\126]", "."))
end

local function show_fault(tree, range, field, reason)
    reason = printable(reason)
    tree:add(common.fault_field, range, field):set_generated()
    tree:add(common.fault_reason, range, reason):set_generated()
    tree:add_proto_expert_info(experts.malformed, (field .. " " .. reason):match("%S.*"))
end

local function show_text(tree, tvb, offset, text)
    local keyword, from, past = text:match("(" .. WORD .. ")"), text:find(WORD)
    if text ~= "" then tree:add_packet_field(common.text, tvb(offset, #text), ENC_UTF_8) end
    if not keyword then
        show_fault(tree, tvb(offset, #text), "", "holds no word")
        return
    end
    local direction = DIRECTIONS[keyword:sub(1, 5)]
    if direction then tree:add(common.direction, tvb(offset + from - 1, 5), direction) end
    tree:add_packet_field(common.keyword, tvb(offset + from - 1, #keyword), ENC_UTF_8)
    local message = MESSAGES[keyword]
    if not message then
        tree:add_proto_expert_info(experts.unknown, "unknown keyword")
        return
    end
    local items, fault = read_message(message, text)
    for _, item in ipairs(items) do add_item(tree, tvb, offset, item) end
    if fault then show_fault(tree, tvb(offset, #text), fault[1], fault[2]) end
end

local function show_frame(tvb, at, frame, tree)
    local subtree = tree:add(dcs, tvb(at, frame.size))
    subtree:add(common.framing, tvb(at, frame.text_at), frame.framing):set_generated()
    if frame.framing == "v2" then
        subtree:add(common.text_size, tvb(at, 12), frame.text_size)
        subtree:add(common.binary_size, tvb(at + 12, 14), frame.binary_size)
    end
    local offset = at + frame.text_at
    local text = frame.text_size > 0 and tvb:raw(offset, frame.text_size) or ""
    text = text:match("^[^\0]*"):gsub("[\r\n]+$", "")
    subtree:set_text("DCS hardware protocol, " .. frame.framing .. ": " .. printable(text))
    show_text(subtree, tvb, offset, text)
    if frame.binary_size > 0 then
        subtree:add(common.binary, tvb(offset + frame.text_size, frame.binary_size))
    end
    return printable(text)
end

local function show_rest(tvb, at, tree, kind, reason)
    local subtree = tree:add(dcs, tvb(at))
    subtree:add(common.undecoded, tvb(at))
    subtree:add_proto_expert_info(kind, reason)
    return "[" .. reason .. "]"
end

function dcs.dissector(tvb, pinfo, tree)
    local size, at, told = tvb:captured_len(), 0, {}
    if size == 0 then return 0 end
    pinfo.cols.protocol = "DCS"
    while at < size do
        local frame = frame_at(tvb, at, pinfo.number)
        if frame.need and pinfo.can_desegment > 0 then
            pinfo.desegment_offset = at
            pinfo.desegment_len = frame.need
            break
        elseif frame.need then
            told[#told + 1] = show_rest(tvb, at, tree, experts.cut, "frame goes on elsewhere")
            break
        elseif frame.broken then
            told[#told + 1] = show_rest(tvb, at, tree, experts.framing, frame.broken)
            break
        end
        told[#told + 1] = show_frame(tvb, at, frame, tree)
        at = at + frame.size
    end
    if #told > 0 then pinfo.cols.info:set(table.concat(told, " | ")) end
    return size
end

-- Where to look -----------------------------------------------------------------------------------

local listening

local function listen()
    local by_port = DissectorTable.get("tcp.port")
    if listening and listening ~= "" then by_port:remove(listening, dcs) end
    listening = dcs.prefs.ports
    if listening ~= "" then by_port:add(listening, dcs) end
end

function dcs.prefs_changed() listen() end

local function follow(tvb, pinfo, tree)
    if not dcs.prefs.heuristic or tvb:captured_len() < V1_SIZE then return false end
    local ask = "stoc_send_client_type"
    if tvb:raw(0, #ask + 1) ~= ask .. "\0" then return false end
    pinfo.conversation = dcs
    dcs.dissector(tvb, pinfo, tree)
    return true
end

listen()
dcs:register_heuristic("tcp", follow)
