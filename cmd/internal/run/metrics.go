package run

import (
	"context"

	"pppdial/cmd/internal/metrics"
	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
)

// serveMetrics opens the address of -m. Who has asked for it wants it, so a
// failure is the end.
func (d *daemon) serveMetrics() *Verdict {
	if d.opt.Metrics == "" {
		return nil
	}
	s, err := metrics.Listen(d.opt.Metrics, func(ctx context.Context) (status.Document, error) {
		all, err := host{d}.State(ctx, rendezvous.Query{})
		doc := status.Document{Bundles: all}
		doc.Complete()
		return doc, err
	})
	if err != nil {
		return &Verdict{Status: StatusFatal, Phase: "dead", By: "us", Evidence: err.Error(),
			Cause: "the metrics cannot be served there", Try: "give another address or path behind -m"}
	}
	d.metrics = s
	d.log.Info("metrics", "at", s.Addr())
	return nil
}
