package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
)

// callers are connections to the program, lent to one registration at a time. They write
// requests by hand, so that the client's own cost stays near the rung's.
type callers struct {
	address, head string
	idle          chan *caller
}

type caller struct {
	conn net.Conn
	in   *bufio.Reader
	out  bytes.Buffer
}

func newCallers(address, key, ref string) *callers {
	return &callers{
		address: address, idle: make(chan *caller, 4096),
		head: "POST /api/v1/leads?ref=" + ref + " HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: Bearer " + key +
			"\r\nContent-Type: application/json\r\nContent-Length: ",
	}
}

var converted = []byte(`"Status":"Converted"`)

func (c *callers) register(n int64) error {
	one, err := c.take()
	if err != nil {
		return err
	}
	body := fmt.Sprintf(`{"Email":"lead%d@bench.example.org","Firstname":"Ada","JourneyData":[{"Name":"data.a","Value":42},{"Name":"data.b","Value":"x"},{"Name":"data.c","Value":true}]}`, n)
	one.out.Reset()
	fmt.Fprintf(&one.out, "%s%d\r\n\r\n%s", c.head, len(body), body)
	if _, err := one.conn.Write(one.out.Bytes()); err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	w, err := http.ReadResponse(one.in, nil)
	if err != nil {
		return fmt.Errorf("reading an answer: %w", err)
	}
	defer func() { _ = w.Body.Close() }()
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		return fmt.Errorf("reading an answer: %w", err)
	}
	if w.StatusCode != http.StatusCreated || !bytes.Contains(raw, converted) {
		return fmt.Errorf("lead %d: %s: %s", n, w.Status, raw)
	}
	c.idle <- one
	return nil
}

func (c *callers) take() (*caller, error) {
	select {
	case one := <-c.idle:
		return one, nil
	default:
	}
	conn, err := net.Dial("tcp", c.address)
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, in: bufio.NewReader(conn)}, nil
}
