#!lua name=feedtwin

-- Put one post into each of these sorted sets and trim each to the newest `cap`.
-- keys: the sets of one server; args: score (created, ms), member (8 bytes of the id), cap.
-- Doing it twice is doing it once.
redis.register_function('feedtwin_deliver', function(keys, args)
    local oldest_kept = -tonumber(args[3]) - 1
    for _, key in ipairs(keys) do
        redis.call('ZADD', key, args[1], args[2])
        redis.call('ZREMRANGEBYRANK', key, 0, oldest_kept)
    end
    return #keys
end)
