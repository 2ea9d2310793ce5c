package cli

import (
	"regexp"
	"strings"
)

var (
	inlineCode = regexp.MustCompile("`([^`]+)`")
	anchor     = regexp.MustCompile(`\[([^\]]+)\]\(#[^)]*\)`) // a link within the page
	link       = regexp.MustCompile(`\[([^\]]+)\]\(([^)]+)\)`)
	tableRule  = regexp.MustCompile(`^\|[-:| ]+\|$`)
)

// legible turns a page of ours from Markdown into text for a terminal. It knows
// the Markdown that our pages use: headings, lists, tables, links, code.
func legible(page string, look look) string {
	var b strings.Builder
	inCode := false
	var table [][]string
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		if !inCode && strings.HasPrefix(line, "|") {
			if !tableRule.MatchString(line) {
				table = append(table, cells(line))
			}
			continue
		}
		b.WriteString(aligned(table, look))
		table = nil
		switch {
		case strings.HasPrefix(line, "```"):
			inCode = !inCode
			continue
		case inCode && line != "":
			line = "    " + look.code(line)
		case strings.HasPrefix(line, "#"):
			line = look.strong(strings.TrimLeft(line, "# "))
		default:
			line = inline(line, look)
		}
		b.WriteString(line + "\n")
	}
	b.WriteString(aligned(table, look))
	return b.String()
}

func inline(text string, look look) string {
	text = anchor.ReplaceAllString(text, "$1")
	text = link.ReplaceAllString(text, "$1 ($2)")
	text = strings.ReplaceAll(text, "**", "")
	return inlineCode.ReplaceAllStringFunc(text, func(code string) string {
		return look.code(strings.Trim(code, "`"))
	})
}

func cells(line string) (row []string) {
	for _, cell := range strings.Split(strings.Trim(line, "|"), "|") {
		row = append(row, strings.TrimSpace(cell))
	}
	return row
}

// aligned aligns a table and wraps its last column.
func aligned(table [][]string, look look) string {
	if len(table) == 0 {
		return ""
	}
	var widths []int
	for _, row := range table {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], visible(cell))
		}
	}
	var b strings.Builder
	for _, row := range table {
		margin := 0
		for i, cell := range row[:len(row)-1] {
			b.WriteString(inline(cell, look) + strings.Repeat(" ", widths[i]-visible(cell)+2))
			margin += widths[i] + 2
		}
		for i, part := range wrapped(unbroken(row[len(row)-1]), max(80-margin, 30)) {
			if i > 0 {
				b.WriteString("\n" + strings.Repeat(" ", margin))
			}
			b.WriteString(inline(strings.ReplaceAll(part, hardBlank, " "), look))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// hardBlank stands for a blank at which no line is broken; pages do not use it.
const hardBlank = "\x00"

// unbroken keeps code in one piece.
func unbroken(text string) string {
	return inlineCode.ReplaceAllStringFunc(text, func(code string) string {
		return strings.ReplaceAll(code, " ", hardBlank)
	})
}

func visible(cell string) int { return len([]rune(inline(cell, plain))) }
