namespace StatelessSwarm.Cli.Images;

/// <summary>
/// Counts what mksquashfs and sqfstar say of extended attributes that SquashFS cannot hold: those outside of <c>user.</c>, <c>trusted.</c> and
/// <c>security.</c>, POSIX ACLs before all. They are left out of the image, and the program ends with 0.
/// </summary>
internal sealed class LostAttributes
{
    private const string Complaint = "Unrecognised xattr prefix";

    private string _rest = "";

    /// <summary>Attributes left out so far.</summary>
    public int Count { get; private set; }

    /// <summary>So many more were left out.</summary>
    public void Add(int count) => Count += count;

    /// <summary>Takes a part of the error output.</summary>
    public void Read(ReadOnlyMemory<char> text)
    {
        var lines = (_rest + text.Span.ToString()).Split('\n');
        _rest = lines[^1];
        Count += lines[..^1].Count(line => line.Contains(Complaint, StringComparison.Ordinal));
    }
}
