#!lua name=feedtwin

-- Lists of post ids, and what each knows about itself.
--
-- A list is a sorted set K (score: created, ms; member: the id in 8 big-endian bytes), a hash
-- K:state and, for timelines, a set K:pulled of authors.  Fields of the state:
--   built     the token of the build that filled the list; it holds every post it should ...
--   floor     ... above this id (a member; absent: all of them)
--   building, until    the token of a build under way, and when (ms) another may take over
--   seq       of the reader's follows that are covered; halvings: of the reader's share of posts
--   edges_at  when (s) K:pulled was chosen; pulled: how many it holds
--   filled    whether K exists: one that is gone nevertheless was evicted, and the list is lost
--   reads, since    how often the list was read since when (s); these outlive a rebuild
--   begun     when (s) the build began: what was stored by then was gathered
--   ends      whether the list is forgotten when nobody reads it; absent: it is kept for good
-- A list whose state is neither built nor building is not there, and nothing is written to it.
-- Every function does all it does at one instant, on the server's own clock.

local BUILDING_MS = 100000 -- a build under way may lie about, abandoned, for so long
local UNPACKED_MAX = 2000 -- arguments of one call; Lua stops at 8,000

local function state_of(key)
    return key .. ':state'
end

local function pulled_of(key)
    return key .. ':pulled'
end

local function now_s()
    local time = redis.call('TIME')
    return time[1] + time[2] / 1000000
end

-- Numbers are doubles here, and strings are compared as the locale has it: so by halves.
local function is_newer(one, other)
    if not other or other == '' then
        return true
    end
    local one_high, one_low = struct.unpack('>I4I4', one)
    local other_high, other_low = struct.unpack('>I4I4', other)
    return one_high > other_high or (one_high == other_high and one_low > other_low)
end

local function forget(key)
    redis.call('DEL', key, state_of(key), pulled_of(key))
end

-- Whether entries, or choices of authors, are gone that the state speaks of.
local function is_lost(key, filled, pulled)
    return (filled and redis.call('EXISTS', key) == 0)
        or (pulled and redis.call('SCARD', pulled_of(key)) ~= tonumber(pulled))
end

-- Keep the list for so long after now; 0: for good.  `ends`: what its state says of that.
local function expire(key, idle_ms, ends)
    local is_for_good = idle_ms == '0'
    for _, name in ipairs({ key, state_of(key), pulled_of(key) }) do
        if is_for_good then
            redis.call('PERSIST', name)
        else
            redis.call('PEXPIRE', name, idle_ms)
        end
    end
    if is_for_good and ends then
        redis.call('HDEL', state_of(key), 'ends')
    elseif not is_for_good and not ends then
        redis.call('HSET', state_of(key), 'ends', '1')
    end
end

-- Take the oldest out of a list of this size, until it holds `cap`; return its floor.
local function trim(key, floor, size, cap)
    if size <= cap then
        return floor
    end
    local popped = redis.call('ZPOPMIN', key, size - cap) -- members and scores, oldest first
    local newest = popped[#popped - 1]
    if not is_newer(newest, floor) then
        return floor
    end
    redis.call('HSET', state_of(key), 'floor', newest)
    return newest
end

-- The sorted set has come to be: mark it, and let it live as long as its state.
local function begin_entries(key)
    redis.call('HSET', state_of(key), 'filled', '1')
    local end_ms = redis.call('PEXPIRETIME', state_of(key))
    if end_ms > 0 then
        redis.call('PEXPIREAT', key, end_ms)
    end
end

-- Put in those pairs (score, member) of args[first...] that are above the floor, and trim.
local function fill(key, floor, cap, args, first)
    local kept, is_filled = {}, false
    for at = first, #args, 2 do
        if is_newer(args[at + 1], floor) then
            kept[#kept + 1] = args[at]
            kept[#kept + 1] = args[at + 1]
        end
        if #kept == UNPACKED_MAX or (#kept > 0 and at + 2 > #args) then
            redis.call('ZADD', key, unpack(kept))
            kept, is_filled = {}, true
        end
    end
    if is_filled then
        begin_entries(key)
        trim(key, floor, redis.call('ZCARD', key), cap)
    end
end

local function raise_floor(key, floor)
    local current = redis.call('HGET', state_of(key), 'floor')
    if floor == '' or (current and not is_newer(floor, current)) then
        return current
    end
    redis.call('HSET', state_of(key), 'floor', floor)
    return floor
end

-- Insert one post into a list that is there; say whether it now is in it.
local function insert(key, floor, post, filled)
    if not is_newer(post.member, floor) then
        return false
    end
    if redis.call('ZADD', key, post.score, post.member) == 0 then
        return true
    end
    local size = redis.call('ZCARD', key)
    if size > 1 then
        return is_newer(post.member, trim(key, floor, size, post.cap))
    end
    if filled then -- all other entries were evicted: what is left is no list
        forget(key)
        return false
    end
    begin_entries(key)
    return true
end

-- keys: lists of one server; args: score, member, cap, the author if the post is for those only
-- who do not gather that author's posts themselves, and for each key a byte: how many halvings
-- the post survives for its reader, without which readers whose share is halved are left out;
-- and how long (ms) a list that was to be kept for good is kept by now (0 or none: for good).
-- Returns in how many lists the post now is, and the places of those left out.
local function deliver(keys, args)
    local post = { score = args[1], member = args[2], cap = tonumber(args[3]) }
    local author, survived, idle_ms = args[4], args[5], args[6] or '0'
    local reached, halved = 0, {}
    for at, key in ipairs(keys) do
        local state = redis.call(
            'HMGET', state_of(key), 'built', 'building', 'floor', 'halvings', 'filled', 'ends'
        )
        local is_there, halvings = state[1] or state[2], tonumber(state[4] or 0)
        if state[1] and not state[6] and idle_ms ~= '0' then
            expire(key, idle_ms, nil)
        end
        if is_there and halvings > 0 and survived == '' then
            halved[#halved + 1] = at
        elseif is_there and (halvings == 0 or survived:byte(at) >= halvings) then
            local is_gathered = author ~= ''
                and redis.call('SISMEMBER', pulled_of(key), author) == 1
            if not is_gathered and insert(key, state[3], post, state[5]) then
                reached = reached + 1
            end
        end
    end
    return { reached, halved }
end

-- keys: lists of one server; args: token, how long nobody else may (ms), the token of the build
-- to be replaced.  From here on posts are delivered to the list.  Returns for each key `begun`,
-- `built` (already, by another build) or `busy` (another build is under way).
local function begin(keys, args)
    local now_ms, answers = math.floor(now_s() * 1000), {}
    for at, key in ipairs(keys) do
        local state = redis.call('HMGET', state_of(key), 'built', 'building', 'until')
        if state[1] and state[1] ~= args[3] then
            answers[at] = 'built'
        elseif state[2] and tonumber(state[3]) > now_ms then
            answers[at] = 'busy'
        else
            local history = redis.call('HMGET', state_of(key), 'reads', 'since')
            forget(key)
            redis.call(
                'HSET', state_of(key), 'building', args[1],
                'until', string.format('%.0f', now_ms + args[2]),
                'begun', string.format('%.0f', math.floor(now_ms / 1000)),
                'reads', history[1] or '0', 'since', history[2] or string.format('%.3f', now_s())
            )
            redis.call('PEXPIRE', state_of(key), BUILDING_MS)
            answers[at] = 'begun'
        end
    end
    return answers
end

-- One list, filled.  args: token, cap, idle (ms), floor, seq, halvings, whether authors were
-- chosen to be pulled, how many, these, then pairs (score, member).  Returns 0, and does
-- nothing, unless the build of this token is under way: posts that came meanwhile are in it.
local function finish(keys, args)
    local key, state = keys[1], state_of(keys[1])
    local now = redis.call('HMGET', state, 'building', 'filled')
    if now[1] ~= args[1] then
        return 0
    end
    if is_lost(key, now[2], false) then
        forget(key)
        return 0
    end
    local cap, pulled_count = tonumber(args[2]), tonumber(args[8])
    local floor = raise_floor(key, args[4])
    fill(key, floor, cap, args, 9 + pulled_count)
    redis.call('HDEL', state, 'building', 'until')
    redis.call('HSET', state, 'built', args[1], 'seq', args[5], 'halvings', args[6])
    if args[7] == '1' then
        redis.call('HSET', state, 'edges_at', string.format('%.3f', now_s()))
    end
    for at = 9, 8 + pulled_count do
        redis.call('SADD', pulled_of(key), args[at])
    end
    if pulled_count > 0 then
        redis.call('HSET', state, 'pulled', args[8])
    end
    expire(key, args[3], nil)
    return 1
end

-- One list whose build is given up; args: token.
local function abandon(keys, args)
    if redis.call('HGET', state_of(keys[1]), 'building') == args[1] then
        forget(keys[1])
    end
    return 0
end

-- One list, grown by new follows.  args: the token of its build, cap, seq, halvings, floor, then
-- pairs (score, member).  Returns 0, and does nothing, if it is of another build by now.
local function cover(keys, args)
    local key, state = keys[1], state_of(keys[1])
    local now = redis.call('HMGET', state, 'built', 'filled', 'seq', 'halvings')
    if now[1] ~= args[1] then
        return 0
    end
    if is_lost(key, now[2], false) then
        forget(key)
        return 0
    end
    fill(key, raise_floor(key, args[5]), tonumber(args[2]), args, 6)
    redis.call('HSET', state, 'seq', math.max(now[3] or 0, args[3]))
    redis.call('HSET', state, 'halvings', math.max(now[4] or 0, args[4]))
    return 1
end

-- The newest `count` members above the floor and, if a member `before` is given, below it.
local function newest(key, floor, score, before, count)
    local ranges = {}
    if before == '' then
        ranges[1] = redis.call('ZRANGE', key, '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, count)
    else -- those of the same millisecond lie on either side of it
        ranges[1] = redis.call('ZRANGE', key, score, score, 'BYSCORE', 'REV')
        ranges[2] =
            redis.call('ZRANGE', key, '(' .. score, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, count)
    end
    local found = {}
    for _, members in ipairs(ranges) do
        for _, member in ipairs(members) do
            if #found == count or not is_newer(member, floor) then
                return found
            end
            if before == '' or is_newer(before, member) then
                found[#found + 1] = member
            end
        end
    end
    return found
end

-- keys: lists of one server; args: score and member of `before` (empty: from the newest), count,
-- idle (ms).  Returns for each key { floor, members }, or nothing in place of a list that is
-- not built.  Who reads a list keeps it.
local function read(keys, args)
    local answers = {}
    for at, key in ipairs(keys) do
        local state =
            redis.call('HMGET', state_of(key), 'built', 'floor', 'filled', 'pulled', 'ends')
        answers[at] = false
        if state[1] and is_lost(key, state[3], state[4]) then
            forget(key)
        elseif state[1] then
            expire(key, args[4], state[5])
            local members = newest(key, state[2], args[1], args[2], tonumber(args[3]))
            answers[at] = { state[2] or '', members }
        end
    end
    return answers
end

-- One timeline: as `read`, and what it knows about itself.  Returns { floor and members or
-- nothing, now (s), built, seq, halvings, edges_at, reads, since, begun, authors pulled }.
local function read_timeline(keys, args)
    local key, state = keys[1], state_of(keys[1])
    local held = read(keys, args)[1]
    if held then
        redis.call('HINCRBY', state, 'reads', 1)
    end
    local known = redis.call(
        'HMGET', state, 'built', 'seq', 'halvings', 'edges_at', 'reads', 'since', 'begun'
    )
    local pulled = held and redis.call('SMEMBERS', pulled_of(key)) or {}
    return { held, string.format('%.3f', now_s()), known, pulled }
end

-- keys: lists of one server; args: member.
local function remove(keys, args)
    for _, key in ipairs(keys) do
        if redis.call('ZREM', key, args[1]) == 1 and redis.call('EXISTS', key) == 0 then
            redis.call('HDEL', state_of(key), 'filled')
        end
    end
    return #keys
end

redis.register_function('feedtwin_deliver', deliver)
redis.register_function('feedtwin_begin', begin)
redis.register_function('feedtwin_finish', finish)
redis.register_function('feedtwin_cover', cover)
-- A server too full to take anything in can still be read, and freed.
redis.register_function {
    function_name = 'feedtwin_read', callback = read, flags = { 'allow-oom' }
}
redis.register_function {
    function_name = 'feedtwin_read_timeline', callback = read_timeline, flags = { 'allow-oom' }
}
redis.register_function {
    function_name = 'feedtwin_abandon', callback = abandon, flags = { 'allow-oom' }
}
redis.register_function {
    function_name = 'feedtwin_remove', callback = remove, flags = { 'allow-oom' }
}
