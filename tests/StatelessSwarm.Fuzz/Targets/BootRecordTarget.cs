using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Node.Booting;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><c>boot.json</c>: what another version of the agent may have left.</summary>
internal sealed class BootRecordTarget : FuzzTarget
{
    public override string Name => "boot-record";

    public override IReadOnlyList<byte[]> Words => WordsOf("null", "true", "[", "]", "{", "}", "\"", "\\u0000", "-1", "1e400", "9223372036854775808", "\"tries\":", "\"steps\":");

    public override long MaxAllocated(int length) => 4 * 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            _ = BootRecord.Read(input.ToArray(), "boot.json");
        }
        catch (ContentException)
        {
            // Refused.
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("memory", Encoding.UTF8.GetBytes(
            $$"""
            {"product":"web","version":"1.0","build":1,"digest":"{{new string('a', 64)}}","reason":"updated","degraded":false,"tries":{"good":true,"left":3,"done":1},"state":"/run/x","persistent":false,"verity":true,"verity_note":"","sources":{"disk":1,"lan":2,"wan":3,"http":4},"agent_start_ms":5,"steps":[{"name":"cache","start_ms":1,"ms":2}],"notes":["a"]}
            """
        ));
    }
}
