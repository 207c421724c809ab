package server

import "sort"

// Coverage tells which operations of a service of AWS are done here, and which
// are known and not done. Names are sorted.
type Coverage struct {
	Service string
	Done    []string
	NotDone []string
}

// Coverage returns a row for each service.
func (s *Server) Coverage() []Coverage {
	var all []Coverage
	for _, running := range s.services {
		c := Coverage{Service: running.name}
		for name, op := range running.endpoint.Operations {
			if op.Call != nil {
				c.Done = append(c.Done, name)
			} else {
				c.NotDone = append(c.NotDone, name)
			}
		}
		sort.Strings(c.Done)
		sort.Strings(c.NotDone)
		all = append(all, c)
	}
	return all
}
