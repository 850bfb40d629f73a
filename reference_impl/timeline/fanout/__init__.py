"""The workers that bring posts to timelines, and take deleted ones out.

Owns: the streams of work under way (`model.rules.fanouts.BULK_STREAMS`) and of what waits for a
timeline server that is away (`fanout:late:<server>`), `fanout_done`, `fanout:state:<post>`.
Answers: what operators ask.
Asks: follow.
Events in: post.created, post.deleted, user.deleted; out: none.
"""
