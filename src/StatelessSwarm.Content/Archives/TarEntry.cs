using System.Text;

namespace StatelessSwarm.Content.Archives;

/// <summary>
/// An entry of a tar archive. Names are bytes, whatever they mean: each character of <see cref="Path"/> and <see cref="LinkTarget"/> is one
/// byte (Latin-1), so that names of no encoding survive and ordinal order is the order of bytes. <see cref="Display"/> is for people.
/// </summary>
public sealed record TarEntry
{
    /// <summary>Path without leading "./" or "/", without trailing "/", with no "." or ".." and no empty part; empty for the root.</summary>
    public required string Path { get; init; }

    /// <summary>What it is.</summary>
    public required TarEntryKind Kind { get; init; }

    /// <summary>Permissions, set-id bits and sticky bit: 12 bits.</summary>
    public int Mode { get; init; }

    /// <summary>Number of the owner.</summary>
    public uint Owner { get; init; }

    /// <summary>Number of the group.</summary>
    public uint Group { get; init; }

    /// <summary>Bytes of a file; 0 for all else.</summary>
    public long Length { get; init; }

    /// <summary>Time stamp, seconds since 1970 UTC.</summary>
    public long TimeStamp { get; init; }

    /// <summary>Target of a symbolic link, as it is; of a hard link, a path like <see cref="Path"/>.</summary>
    public string LinkTarget { get; init; } = "";

    /// <summary>Major number of a device.</summary>
    public uint Major { get; init; }

    /// <summary>Minor number of a device.</summary>
    public uint Minor { get; init; }

    /// <summary>Extended attributes, sorted by name.</summary>
    public IReadOnlyList<TarAttribute> Attributes { get; init; } = [];

    /// <summary>POSIX ACLs as text (<c>SCHILY.acl.</c> of pax), <c>access</c> and <c>default</c>, sorted by name.</summary>
    public IReadOnlyList<TarAttribute> AccessLists { get; init; } = [];

    /// <summary>Where in the stream what is there of the file begins.</summary>
    public long DataOffset { get; init; }

    /// <summary>What is there of the file, in order; null when all of it is.</summary>
    public IReadOnlyList<TarStretch>? Stretches { get; init; }

    /// <summary>A name of bytes as text for people: UTF-8, what is none as U+FFFD, control characters as "?".</summary>
    public static string Display(string bytes)
    {
        var text = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));
        return string.Create(text.Length, text, static (target, source) =>
        {
            for (var index = 0; index < target.Length; index++)
                target[index] = char.IsControl(source[index]) ? '?' : source[index];
        });
    }
}
