// A contender of the benchmark: a round-robin HTTP balancer of Go's own ReverseProxy, which adds X-Forwarded-For.
//
//	reverse-proxy <port> <most idle connections a backend, 0 = Go's default> <backend port>...
package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"os"
	"strconv"
	"sync/atomic"
)

func main() {
	idle, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	var transport http.RoundTripper = http.DefaultTransport
	if idle > 0 {
		pooled := http.DefaultTransport.(*http.Transport).Clone()
		pooled.MaxIdleConns = 0
		pooled.MaxIdleConnsPerHost = idle
		transport = pooled
	}
	backends := os.Args[3:]
	var next uint64
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		ErrorLog:  log.New(io.Discard, "", 0),
		Director: func(request *http.Request) {
			turn := atomic.AddUint64(&next, 1)
			request.URL.Scheme = "http"
			request.URL.Host = "127.0.0.1:" + backends[turn%uint64(len(backends))]
		},
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], proxy))
}
