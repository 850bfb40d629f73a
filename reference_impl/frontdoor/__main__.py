from reference_impl.chassis.serve import serve
from reference_impl.frontdoor.app import assemble

if __name__ == "__main__":
    serve(assemble)
