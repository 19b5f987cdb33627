using System.Security.Cryptography;
using System.Text;
using StatelessSwarm.Node.Activation;

namespace StatelessSwarm.Node.Hosting;

/// <summary>
/// The node's id: 16 random bytes as 32 hexadecimal digits, in the file <c>node-id</c> of the state directory. It tells nodes
/// apart for people; it proves nothing.
/// </summary>
internal static class NodeIdentity
{
    private const int Digits = 32;
    private const string FileName = "node-id";

    /// <summary>The id, or null before the first start.</summary>
    public static string? TryRead(string stateDirectory)
    {
        var bytes = StateFiles.Read(Path.Combine(stateDirectory, FileName), Digits);
        return bytes is { Length: Digits } && bytes.All(letter => char.IsAsciiHexDigitLower((char)letter))
            ? Encoding.ASCII.GetString(bytes)
            : null;
    }

    /// <summary>The id, made when there is none.</summary>
    public static string ReadOrMake(string stateDirectory)
    {
        if (TryRead(stateDirectory) is { } id)
            return id;
        id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Digits / 2));
        StateFiles.Replace(Path.Combine(stateDirectory, FileName), Encoding.ASCII.GetBytes(id));
        return id;
    }
}
