"""Who follows whom.

Owns: the tables of schema.sql, in the user databases.
Answers: POST /user/{id}/follow, /unfollow; inward GET /internal/users/{id}/followees,
/followers, /follower-count.
Asks: user.
Events out: follow.followed, follow.unfollowed {follower_id, target_id, version}; in: the same.
"""
