using System.Text;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Node.Activation;

/// <summary>
/// Remembers the release that a person rolled back, in the file <c>held</c> of the state directory (64 hexadecimal digits): the
/// update loop does not take it again by itself.
/// </summary>
internal sealed class RolledBack(string stateDirectory)
{
    private readonly string _path = Path.Combine(stateDirectory, "held");

    /// <summary>The release, or null.</summary>
    public Sha256Digest? Release
    {
        get
        {
            var bytes = StateFiles.Read(_path, 2 * Sha256Digest.Size);
            return bytes is not null && Sha256Digest.TryParseHex(Encoding.ASCII.GetString(bytes), out var digest) ? digest : null;
        }
    }

    /// <summary>Remembers a release, durably.</summary>
    public void Remember(Sha256Digest release) => StateFiles.Replace(_path, Encoding.ASCII.GetBytes(release.ToString()));

    /// <summary>Forgets it.</summary>
    public void Forget() => StateFiles.Remove(_path);
}
