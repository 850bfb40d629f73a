"""The gateway: the only public port.

Owns: which routes are public, who a token stands for, how large a body may be, how often one
    may ask, and the answers kept for requests that are sent again.
Answers: `routes.PUBLIC_ROUTES`, /openapi.json, /livez, /readyz; nothing else can be reached from
    outside (/metrics is on another address).
Asks: the session store on every request that needs a user or has a limit; then the service of
    the route.
Events: none.
"""
