"""stub"""
def makers(protocol, profile, store):
    return {}
