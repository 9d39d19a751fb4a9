# A request that is sent slowly occupies a thread, and Django under WSGI does not read chunked ones. nginx, in
# front, solves both: it passes on whole requests with their length (nginx.conf).
wsgi_app = "partner.wsgi"
workers = 2
threads = 8
