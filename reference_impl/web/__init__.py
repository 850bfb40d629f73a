"""The pages: what people see of feedtwin in a browser.

Owns: templates, style and script of the pages, and the cookie that stands for a session.
Answers: GET /, /register, /login, /feed, /people/{id}, /photos/{id}, /find, /new, /settings,
    /static/…; POST below /do/, from the forms of the pages only.
Asks: a gateway, as any client of the public API does: the rules, limits and checks are there.
Events: none.
"""
