
-- The authors whose posts are merged: loaded with lists.lua, as one library.
--
-- A sorted set (member: the author; score: when (s) a post of theirs was last kept).  The member 0,
-- whose score is infinite, says that the set holds everyone whom it should; a member that is no
-- number is the mark of a search for them all.

local WHOLE = '0'

-- args: an author.
local function add_author(keys, args)
    redis.call('ZADD', keys[1], now_s(), args[1])
    return 1
end

-- args: the mark of a search, for how long (s) an author is one, how long (s) a search may take.
-- A search that was broken off leaves its mark, which goes before it is one of very many.
local function begin_search(keys, args)
    redis.call('ZADD', keys[1], now_s() - args[2] + args[3], args[1])
    return 1
end

-- The same on a server too full to take in another: the set is forgotten, rather than not whole
-- without saying so.  Returns how many sets were.
local function add_author_or_forget(keys, args)
    if redis.call('ZSCORE', keys[1], args[1]) then
        redis.call('ZADD', keys[1], now_s(), args[1])
        return 0
    end
    return redis.call('DEL', keys[1])
end

-- args: for how long (s) an author is one after the last post kept, how many may be told.
-- Returns whether the set is whole, and its members; nothing in their place if they are too many.
local function authors(keys, args)
    redis.call('ZREMRANGEBYSCORE', keys[1], '-inf', now_s() - args[1])
    if redis.call('ZCARD', keys[1]) > tonumber(args[2]) then
        return { 1 }
    end
    local is_whole = redis.call('ZSCORE', keys[1], WHOLE) and 1 or 0
    return { is_whole, redis.call('ZRANGE', keys[1], 0, -1) }
end

-- args: the mark of a search for all authors, then these.  Returns 0, and does nothing, if the
-- set has lost the mark, and with it perhaps authors added since the search began.
local function know_authors(keys, args)
    if redis.call('ZREM', keys[1], args[1]) == 0 then
        return 0
    end
    for at = 2, #args do
        redis.call('ZADD', keys[1], now_s(), args[at])
    end
    redis.call('ZADD', keys[1], 'inf', WHOLE)
    return 1
end

redis.register_function('feedtwin_add_author', add_author)
redis.register_function('feedtwin_begin_search', begin_search)
redis.register_function('feedtwin_know_authors', know_authors)
redis.register_function {
    function_name = 'feedtwin_add_author_or_forget',
    callback = add_author_or_forget,
    flags = { 'allow-oom' },
}
redis.register_function {
    function_name = 'feedtwin_authors', callback = authors, flags = { 'allow-oom' }
}
