# make demo   an evening in a pizza shop, on this machine; then open the page it names
# make test   everything that must hold, with the set-up it needs
# make peers  the programs that the tests talk to (Debian packages)
# make bench  figures of the hot paths
# make load   20 real-time calls at once, and how long each card took

PEERS := sip-tester baresip kamailio rtpengine-daemon chromium postgresql

.PHONY: demo test peers bench load

demo:
	cargo run -- demo $(ARGS)

test: peers
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo test --no-fail-fast

# Without apt or root the tests that need a peer skip aloud; with REGULARS_REQUIRE_PEERS=1 they fail.
peers:
	@missing=$$(for package in $(PEERS); do \
	    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then echo "not Debian: please install $$missing yourself"; exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; else sudo="sudo -n"; fi; \
	echo "installing $$missing"; \
	$$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -q --no-install-recommends $$missing \
	    || echo "could not install $$missing: the tests that need them will be skipped"

bench:
	cargo bench

load:
	cargo run -- load $(ARGS)
