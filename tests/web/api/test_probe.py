import collections, atexit
C=collections.defaultdict(collections.Counter)
from tests.web.api import test_schemathesis as t
orig=t._Front.__call__
def call(self, environ, sr):
    m=environ["REQUEST_METHOD"]; 
    def start(status, headers, *a):
        import flask
        C[m+" "+(environ.get("werkzeug.request").url_rule.rule if environ.get("werkzeug.request") and environ["werkzeug.request"].url_rule else "?")][status[:3]]+=1
        return sr(status, headers,*a)
    return orig(self, environ, start)
t._Front.__call__=call
@atexit.register
def show():
    for k,v in sorted(C.items()):
        if "?" not in k: print(k, dict(v))
from tests.web.api.test_schemathesis import *
