"""The image pipeline: makes the renditions of what was uploaded, and removes what is done with.

Owns: the renditions and the manifests in the object store.
Answers: nobody but operators.
Events in: post.created, post.deleted; user.registered, user.updated, user.deleted; its own
media.doomed.
Events out, to `events:media`: media.developed {url, post_id or user_id, width, height,
renditions, original_url}, media.failed {url, post_id or user_id}, media.doomed {urls} and, when
nothing of an upload is left, media.deleted {urls}.
"""
