// Package gateway is HTTP in, HTTP out: it bounds and reads a request, has its
// signature checked, finds the operation that X-Amz-Target names, and writes
// what the operation returns, or the error in AWS's form. It knows no service
// beyond a table of operations, and no operation sees net/http: an operation
// takes a context with the caller, and bytes. Called by internal/server, which
// serves a Gateway with the Server of NewServer.
//
//	Server       listeners; HTTP/1.1 and 2, shutting down          (server.go)
//	  express    requests of the form that SDKs send, for little   (express.go, express_*.go, plain.go, sentry.go)
//	  net/http   everything else, handed over                      (handover.go)
//	  TLS        its handshakes, before either                     (secure.go)
//	Gateway      what both of them hand a request to               (exchange.go, operation.go, page.go)
//	  gates      how much of it is worked on at once               (gate.go, load.go)
package gateway

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// Authenticator tells who sent a request. The RequestID of the caller is the
// gateway's to fill.
type Authenticator interface {
	Authenticate(r *sigv4.Request, now time.Time) (wire.Caller, *wire.Error)
}

// Endpoint is one service, or one API of a service.
type Endpoint struct {
	TargetPrefix string // of X-Amz-Target, before the dot: DynamoDB_20120810
	SigningName  string // the service in the credential scope: dynamodb
	JSONVersion  string // of the content type; default "1.0"
	Operations   map[string]wire.Operation
	Loads        map[string]wire.Load // of the same; those that are missing take little
}

// Options configures a Gateway. Endpoints, Auth and Env must be set.
type Options struct {
	Endpoints []Endpoint
	Auth      Authenticator
	Env       base.Env

	Origins Origins // the web pages that may send requests; default: those of this machine

	Region  string       // that the page at / names; default "us-east-1"
	Logger  *slog.Logger // default: none
	Metrics Observer     // default: none

	// MetricsPage answers GET /metrics. Nil: there is no such page.
	MetricsPage http.Handler

	// Ready returns why requests should go elsewhere, for GET /readyz. Nil:
	// always ready.
	Ready func() error

	// Unavailable tells whether the error of an operation passes by itself, as
	// when a store is closing. The client is then asked to retry. Nil: none does.
	Unavailable func(error) bool

	BodyBytesMax    int   // of one request; default 16 MiB
	BodiesBytesMax  int64 // of all requests at once; default 256 MiB
	AnswersBytesMax int64 // of all answers that wait for their clients; default 1 GiB
	MakingBytesMax  int64 // of all answers that are being made; default 1 GiB
	WeightMax       int64 // of what works at once, in small requests; default: by the number of CPUs

	AnswerPieceTimeMax time.Duration // for a client to take a piece of an answer; default 20s
}

func (o Options) withDefaults() Options {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = discard{}
	}
	if o.Ready == nil {
		o.Ready = func() error { return nil }
	}
	if o.Unavailable == nil {
		o.Unavailable = func(error) bool { return false }
	}
	if o.BodyBytesMax == 0 {
		o.BodyBytesMax = bodyBytesMax
	}
	if o.BodiesBytesMax == 0 {
		o.BodiesBytesMax = bodiesBytesMax
	}
	if o.AnswersBytesMax == 0 {
		o.AnswersBytesMax = answersBytesMax
	}
	if o.MakingBytesMax == 0 {
		o.MakingBytesMax = makingBytesMax
	}
	if o.AnswerPieceTimeMax == 0 {
		o.AnswerPieceTimeMax = answerPieceTimeMax
	}
	if o.WeightMax == 0 {
		o.WeightMax = weightMax()
	}
	return o
}

// Gateway is an http.Handler. It is safe for concurrent use.
type Gateway struct {
	options Options          // with defaults
	now     func() time.Time // the machine's clock, which deadlines go by
	routes  routes
	bodies  budget
	ready   budget // answers that wait for their clients
	gates   gates
	refused overloadLog
	fixed   fixedHeaders
	date    dateHeader
	answers bufferPool
	zips    zipPool
}

// New returns a Gateway for o.
func New(o Options) *Gateway {
	o = o.withDefaults()
	g := &Gateway{options: o, now: base.RealEnv().Now, fixed: newFixedHeaders()}
	g.gates.init(o)
	g.routes = newRoutes(o, &g.gates)
	g.bodies.init(o.BodiesBytesMax, errBodiesMax)
	g.ready.init(o.AnswersBytesMax, errAnswersMax)
	return g
}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{g: g, w: w, r: r, id: g.options.Env.RequestID(), start: g.options.Env.Now()}
	x.putCommonHeaders()
	switch r.Method {
	case http.MethodPost:
		g.options.Metrics.Begin()
		defer x.observe()
		known := x.route()
		switch {
		case x.foreign():
			x.refuseOrigin()
			return
		case !known:
			x.noSuchPage()
			return
		}
		g.serveOperation(x)
	case http.MethodGet, http.MethodHead:
		g.servePage(x)
	case http.MethodOptions:
		g.servePreflight(x)
	default:
		x.noSuchPage()
	}
}
