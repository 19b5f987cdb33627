using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Tests.Support;
using StatelessSwarm.Node.Updating;

namespace StatelessSwarm.Node.Tests.Updating;

public sealed class UpdateRecordsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private static UpdateRecord Record(int number) =>
        new()
        {
            Digest = Sha256Digest.HashData([(byte)number]),
            Version = $"{number}",
            Build = number,
            TotalBytes = number,
            Sources = new SourceBytes(number, 0, 0, 0),
            StartedUnixMilliseconds = number,
            FinishedUnixMilliseconds = number,
            DownloadMilliseconds = number,
            VerifyMilliseconds = number,
            TotalMilliseconds = number,
        };

    [Fact]
    public void Add_ManyRecords_KeepsTheNewest()
    {
        var records = UpdateRecords.Open(_directory.Path, NullLogger.Instance);
        for (var number = 0; number < 50; number++)
            records.Add(Record(number));
        var again = UpdateRecords.Open(_directory.Path, NullLogger.Instance);
        Assert.Equal(Enumerable.Range(18, 32).Select(Record), again.All);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x91 })]
    [InlineData(new byte[] { 0xff, 1, 2 })]
    public void Open_DamagedFile_BeginsAnew(byte[] bytes)
    {
        File.WriteAllBytes(_directory["updates.mp"], bytes);
        var records = UpdateRecords.Open(_directory.Path, NullLogger.Instance);
        Assert.Empty(records.All);
        records.Add(Record(1));
        Assert.Single(UpdateRecords.Open(_directory.Path, NullLogger.Instance).All);
    }
}
