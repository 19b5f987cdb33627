using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="MagnetLink"/>: written and read again, it says the same.</summary>
internal sealed class MagnetTarget : FuzzTarget
{
    private const string V1 = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567";
    private const string V2 = "xt=urn:btmh:1220caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e";

    public override string Name => "magnet";

    public override IReadOnlyList<byte[]> Words =>
        WordsOf("magnet:?", "&xt=urn:btih:", "&" + V2, "&dn=", "&tr=http%3A%2F%2Ftracker%2Fannounce", "&ws=", "&x.pe=10.0.0.1:6881", "&x.pe=[fe80::1]:1", "%", "%00", "%C3", "%FF", "+", "&tr.1=", "&xt.2=");

    public override long MaxAllocated(int length) => 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        MagnetLink link;
        try
        {
            link = MagnetLink.Parse(Encoding.UTF8.GetString(input));
        }
        catch (ContentException)
        {
            return;
        }
        Require(link.V1Hash is not null || link.V2Hash is not null, "a link has a hash");
        var text = link.ToString();
        if (text.Length > MagnetLink.MaxLength)
            return;
        var again = MagnetLink.Parse(text);
        Require(again.V1Hash == link.V1Hash && again.V2Hash == link.V2Hash, "its hashes are the same when read again");
        Require(again.ToString() == text, $"it is the same when read again: {text} and {again}");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("v1", Encoding.ASCII.GetBytes(V1));
        yield return ("v2", Encoding.ASCII.GetBytes("magnet:?" + V2));
        yield return ("full", Encoding.ASCII.GetBytes($"{V1}&{V2}&dn=web%20image&tr=http%3A%2F%2F10.0.0.1%3A8080%2Fannounce&ws=http%3A%2F%2Fmirror%2F&x.pe=10.0.0.2:6881&x.pe=[2001:db8::1]:6881"));
        yield return ("base32", Encoding.ASCII.GetBytes("magnet:?xt=urn:btih:AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH"));
    }
}
