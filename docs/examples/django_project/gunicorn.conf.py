# A request that is sent slowly occupies a thread, so a few senders could stop the
# endpoint. nginx in front passes on whole requests only (nginx.conf).
wsgi_app = "partner.wsgi"
workers = 2
threads = 8
