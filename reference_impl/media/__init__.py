"""Media: images and videos under names that say their content, and to which upload it belongs.

Owns: the object store, and the darkrooms in which images are decoded.
Answers: GET /media/{name}, whole or in parts; inside, PUT /internal/objects.
Events: none here; its pipeline, which makes the renditions, listens to all who use images.
"""
