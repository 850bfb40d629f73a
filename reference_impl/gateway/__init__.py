"""The gateway: the only public port.

Owns: which routes are public, who a token stands for, how large a body may be.
Answers: `routes.PUBLIC_ROUTES`, /livez, /readyz; nothing else can be reached from outside.
Asks: the session store on every request that needs a user; then the service of the route.
Events: none.
"""
