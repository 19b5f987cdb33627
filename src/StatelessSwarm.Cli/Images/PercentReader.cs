using StatelessSwarm.Cli.Terminals;

namespace StatelessSwarm.Cli.Images;

/// <summary>
/// Reads mksquashfs's progress: a bar redrawn after a carriage return, ending in blocks done of blocks in all, for example
/// <c>[====|      ]  310/1240  25%</c>. Anything else it prints is passed over.
/// </summary>
internal sealed class PercentReader(IProgress<ProgressStep> progress)
{
    // a bar is as wide as a terminal, at most; longer lines are not bars
    private const int MaxLine = 1024;

    private readonly System.Text.StringBuilder _line = new();

    /// <summary>Takes the next stretch of output.</summary>
    public void Read(ReadOnlyMemory<char> text)
    {
        foreach (var letter in text.Span)
        {
            if (letter is '\r' or '\n')
            {
                Take();
                _line.Clear();
            }
            else if (_line.Length < MaxLine)
            {
                _line.Append(letter);
            }
        }
        // the bar's line has no end until it is drawn again
        Take();
    }

    private void Take()
    {
        var line = _line.ToString();
        if (line.Length == 0 || line[0] != '[' || !line.EndsWith('%'))
            return;
        var words = line[(line.IndexOf(']', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 2
            && words[0].Split('/') is [var done, var total]
            && long.TryParse(done, out var doneBlocks)
            && long.TryParse(total, out var totalBlocks))
            progress.Report(new ProgressStep(doneBlocks, totalBlocks));
    }
}
