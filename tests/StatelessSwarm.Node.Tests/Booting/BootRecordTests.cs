using System.Text;
using System.Text.Json;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Roots.Booting;

namespace StatelessSwarm.Node.Tests.Booting;

public sealed class BootRecordTests
{
    private static readonly BootRecord Sample = new()
    {
        Product = "web",
        Release = new SlotRelease(Sha256Digest.HashData([1]), "1.0", 7),
        Reason = BootReason.FellBack,
        IsDegraded = true,
        Tries = new BootTries(1, 2, false),
        StateDirectory = "/run/stateless/cache/stateless",
        IsPersistent = true,
        VerityNote = "switched off",
        Sources = new SourceBytes(1, 2, 3, 4),
        AgentStartMilliseconds = 900,
        Steps = [new BootStep("cache", 0, 5), new BootStep("mount", 5, 1)],
        Notes = ["release 2.0: \"broken\""],
    };

    private static byte[] Bytes(BootRecord record)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
            record.Write(json);
        return buffer.ToArray();
    }

    [Fact]
    public void Write_Record_IsReadBack()
    {
        var read = BootRecord.Read(Bytes(Sample), "boot.json");
        Assert.Equal(Sample with { Steps = read.Steps, Notes = read.Notes }, read);
        Assert.Equal(Sample.Steps, read.Steps);
        Assert.Equal(Sample.Notes, read.Notes);
        Assert.Null(BootRecord.Read(Bytes(Sample with { Tries = null }), "boot.json").Tries);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"product\":1}")]
    public void Read_SomethingElse_NamesTheFile(string text) =>
        Assert.StartsWith("x/boot.json: no boot record: ", Assert.Throws<ContentException>(() => BootRecord.Read(Encoding.UTF8.GetBytes(text), "x/boot.json")).Message, StringComparison.Ordinal);
}
