# make demo   an evening in a pizza shop, on this machine; then open the page it names
# make test   everything that must hold, with the set-up it needs
# make peers  the programs that the tests talk to (Debian packages)
# make oracles  what speaker models and their features are compared with (PyPI, some 150 MB, in target/oracles)
# make bench  figures of the hot paths
# make load   20 real-time calls at once, and how long each card took

PEERS := sip-tester baresip kamailio rtpengine-daemon chromium postgresql

.PHONY: demo test peers oracles bench load

demo:
	cargo run -- demo $(ARGS)

test: peers oracles
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

# Without them or the network the tests that ask them skip aloud; with REGULARS_REQUIRE_ORACLES=1 they fail.
oracles: target/oracles/installed

target/oracles/installed: tests/models/requirements.txt
	@echo "fetching sherpa-onnx and kaldi-native-fbank to compare with"; mkdir -p target; \
	python3 -m venv target/oracles && target/oracles/bin/pip install -q --disable-pip-version-check -r $< && touch $@ \
	    || { rm -rf target/oracles; echo "could not fetch them: the tests that need them will be skipped"; }

bench:
	cargo bench

load:
	cargo run -- load $(ARGS)
