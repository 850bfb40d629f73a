"""Who follows whom, and who blocks whom.

Owns: the tables of schema.sql, in the user databases.
Answers: POST /user/{id}/follow, /unfollow, /block, /unblock; GET /user/{id}/followers, /followees,
/blocked; inward GET /internal/users/{id}/followees, /followers, /follower-count, /hidden, /follows,
GET /internal/follower-counts and POST /internal/users/{id}/mirror, /look-for-own.
Asks: user.
Events out: follow.followed, follow.unfollowed {follower_id, target_id, version}; follow.blocked,
follow.unblocked {user_id, target_id, version}; where both directions are kept, user.followers
{user_id, followers, version} whenever a count reaches another power of two.  In: the same;
user.deleted.
"""
