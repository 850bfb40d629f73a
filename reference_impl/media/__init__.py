"""Media: images and videos by the hash of their content, so that a URL never changes its meaning.

Owns: the object store.
Answers: GET /media/{name}, whole or in parts; inside, PUT /internal/objects.
Events: none yet; the pipeline that makes renditions will listen here.
"""
