package bench

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
	"time"
)

// The plot's measures, in pixels.
const (
	plotWidth, plotHeight    = 960, 540
	plotLeft, plotRight      = 80, 60
	plotTop, plotBottom      = 50, 60
	legendLine               = 20
	plotNinesMax             = 5.0 // the right end of the axis: 99.999 %
	plotInnerWidth           = plotWidth - plotLeft - plotRight
	plotInnerHeight          = plotHeight - plotTop - plotBottom
	plotSteps                = 240 // points of a curve
	plotFastest, plotSlowest = time.Microsecond, 100 * time.Second
)

// plot draws latencies by percentile. Both axes are logarithmic: the x axis by
// how few requests are slower (90 %, 99 %, 99.9 %), so that the tail is as wide
// as the middle.
type plot struct {
	low, high float64 // powers of ten of the y axis, in nanoseconds
	out       strings.Builder
}

// WriteSVG draws a curve for each result.
func WriteSVG(w io.Writer, results []*Result) error {
	p := &plot{}
	p.scale(results)
	height := plotHeight + legendLine*len(results)
	fmt.Fprintf(&p.out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n",
		plotWidth, height, plotWidth, height)
	fmt.Fprintf(&p.out, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, height)
	fmt.Fprintf(&p.out, `<text x="%d" y="28" font-size="17">Latency by percentile</text>`+"\n", plotLeft)
	p.grid()
	for i, r := range results {
		p.curve(i, r)
	}
	p.out.WriteString("</svg>\n")
	_, err := io.WriteString(w, p.out.String())
	return err
}

// WriteHTML writes a page with the plot and the table.
func WriteHTML(w io.Writer, results []*Result) error {
	var drawing, table strings.Builder
	if err := WriteSVG(&drawing, results); err != nil {
		return err
	}
	if err := WriteTable(&table, results); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Latency by percentile</title>\n%s<pre>\n%s</pre>\n</html>\n",
		drawing.String(), html.EscapeString(table.String()))
	return err
}

// scale makes the y axis hold all of the results, in whole powers of ten.
func (p *plot) scale(results []*Result) {
	low, high := float64(plotSlowest), float64(plotFastest)
	for _, r := range results {
		if r.Histogram.Total() > 0 {
			low = min(low, float64(r.Histogram.Quantile(0)))
			high = max(high, float64(r.Histogram.Max()))
		}
	}
	low = max(low, float64(plotFastest))
	if low > high {
		low, high = float64(plotFastest), float64(plotSlowest)
	}
	p.low = math.Floor(math.Log10(low))
	p.high = max(math.Ceil(math.Log10(high)), p.low+1)
}

// x is the place of the percentile that has so many nines: 2 is 99 %.
func (p *plot) x(nines float64) float64 {
	return plotLeft + plotInnerWidth*min(nines/plotNinesMax, 1)
}

func (p *plot) y(d time.Duration) float64 {
	part := (math.Log10(float64(max(d, plotFastest))) - p.low) / (p.high - p.low)
	return plotTop + plotInnerHeight*(1-part)
}

func (p *plot) grid() {
	const line = `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ddd"/>` + "\n"
	bottom := float64(plotTop + plotInnerHeight)
	for nines := 0.0; nines <= plotNinesMax; nines++ {
		x := p.x(nines)
		fmt.Fprintf(&p.out, line, x, float64(plotTop), x, bottom)
		fmt.Fprintf(&p.out, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", x, bottom+20, percentile(nines))
	}
	for power := p.low; power <= p.high; power++ {
		d := time.Duration(math.Pow(10, power))
		y := p.y(d)
		fmt.Fprintf(&p.out, line, float64(plotLeft), y, float64(plotWidth-plotRight), y)
		fmt.Fprintf(&p.out, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", plotLeft-8, y+4, d)
	}
	fmt.Fprintf(&p.out, `<text x="%.1f" y="%.1f" text-anchor="middle">of all requests are as fast, or faster</text>`+"\n",
		float64(plotLeft)+plotInnerWidth/2, bottom+42)
}

func percentile(nines float64) string {
	return fmt.Sprintf("%.*f %%", max(int(nines)-2, 0), 100*(1-math.Pow(10, -nines)))
}

// curve draws a result as far as its requests go, a tenth of a request apart.
func (p *plot) curve(i int, r *Result) {
	colour := plotColours()[i%len(plotColours())]
	label := fmt.Sprintf("%s %s, %d connections: %.0f requests/s", r.Target, r.Workload, r.Connections, r.PerSecond)
	y := plotHeight + legendLine*i
	fmt.Fprintf(&p.out, `<rect x="%d" y="%d" width="24" height="4" fill="%s"/>`+"\n", plotLeft, y, colour)
	fmt.Fprintf(&p.out, `<text x="%d" y="%d">%s</text>`+"\n", plotLeft+34, y+7, html.EscapeString(label))
	total := float64(r.Histogram.Total())
	if total == 0 {
		return
	}
	fmt.Fprintf(&p.out, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, colour)
	for step := range plotSteps + 1 {
		nines := plotNinesMax * float64(step) / plotSteps
		part := 1 - math.Pow(10, -nines)
		fmt.Fprintf(&p.out, "%.1f,%.1f ", p.x(nines), p.y(r.Histogram.Quantile(part)))
		if part*total >= total-1 {
			break
		}
	}
	p.out.WriteString(`"/>` + "\n")
}

// plotColours are told apart by people who do not see all colours (Okabe and
// Ito).
func plotColours() []string {
	return []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"}
}
