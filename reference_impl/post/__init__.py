"""Posts: an image, its author, a caption.

Owns: the table of schema.sql, in the post databases.
Answers: POST /user/{id}/post; inward GET /internal/posts.
Asks: media, follow.
Events out: post.created {post_id, user_id, created_ms, delivery, follower_count}; in: none.
"""
