using StatelessSwarm.Content.Archives;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Cli.Images;

/// <summary>What an image has under one name; of a hard link, what the file is.</summary>
/// <param name="Kind">What it is; never <see cref="TarEntryKind.HardLink"/>.</param>
/// <param name="Mode">Permissions and set-id bits.</param>
/// <param name="Owner">Number of the owner.</param>
/// <param name="Group">Number of the group.</param>
/// <param name="Content">Hash of a file's content; nil for all else.</param>
/// <param name="Target">Target of a symbolic link, numbers of a device, length of a file.</param>
/// <param name="Attributes">Hash over extended attributes and ACLs.</param>
internal readonly record struct ImageFile(
    TarEntryKind Kind,
    int Mode,
    uint Owner,
    uint Group,
    Sha256Digest Content,
    string Target,
    Sha256Digest Attributes
)
{
    /// <summary>What is otherwise in another image, in words; empty for nothing.</summary>
    public string ChangesTo(ImageFile other)
    {
        if (Kind != other.Kind)
            return "type";
        var words = new List<string>();
        if (Content != other.Content || Target != other.Target)
            words.Add(Kind == TarEntryKind.SymbolicLink ? "target" : Kind == TarEntryKind.File ? "content" : "device");
        if (Mode != other.Mode)
            words.Add("mode");
        if (Owner != other.Owner || Group != other.Group)
            words.Add("owner");
        if (Attributes != other.Attributes)
            words.Add("attributes");
        return string.Join(", ", words);
    }
}
