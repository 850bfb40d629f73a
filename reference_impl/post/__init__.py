"""Posts: an image or a video with a caption, or a text, and who posted what.

Owns: the tables of schema.sql, in the post databases.
Answers: POST /user/{id}/post, DELETE /user/{id}/post/{post_id}, GET /post/{post_id},
GET /user/{id}/posts; inward GET /internal/posts, POST /internal/posts/by-authors, /lists, /rates,
GET /internal/merge-authors, POST /internal/authors/{id}/departure.
Asks: media, follow, user, timeline.
Events out: post.created {post_id, user_id, created_ms, delivery, follower_count, media_url},
post.deleted {post_id, user_id, delivery, media_url}, to `events:erasure` where it goes with the
account.
Events in: post.deleted, user.deleted, media.developed, media.failed.
"""
