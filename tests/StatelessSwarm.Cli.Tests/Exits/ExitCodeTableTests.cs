using System.Globalization;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Content;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Trust;

namespace StatelessSwarm.Cli.Tests.Exits;

public sealed class ExitCodeTableTests
{
    [Fact]
    public void Table_EveryCode_IsThereOnceAscending()
    {
        Assert.Equal(Enum.GetValues<ExitCode>(), ExitCodeTable.Rows.Select(row => row.Code));
    }

    [Fact]
    public void Table_Numbers_AreFrozen()
    {
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 130], ExitCodeTable.Rows.Select(row => (int)row.Code));
    }

    [Fact]
    public void Document_Rows_EqualTheTable()
    {
        var rows = File.ReadAllLines(Path.Combine(RepositoryTree.Root, "docs", "exit-codes.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsDigit(line[2]));
        var expected = ExitCodeTable.Rows.Select(row =>
            string.Create(CultureInfo.InvariantCulture, $"| {(int)row.Code} | {row.Code} | {row.Meaning} |")
        );
        Assert.Equal(expected, rows);
    }

    public static TheoryData<Exception, int> Faults =>
        new()
        {
            { new TrustException(TrustFault.Rollback, "x"), (int)ExitCode.Refused },
            { new NoRoomException("/d", 2, 1), (int)ExitCode.NoRoom },
            { new IOException("No space left on device", 28), (int)ExitCode.NoRoom },
            { new IOException("x"), (int)ExitCode.Failed },
            { new ContentException("x"), (int)ExitCode.Failed },
            { new HttpRequestException("x"), (int)ExitCode.Unreachable },
            { new OperationCanceledException(), (int)ExitCode.Interrupted },
            { new CommandException(ExitCode.Nothing, "x"), (int)ExitCode.Nothing },
            { new KeyNotFoundException("x"), (int)ExitCode.Failed },
        };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Map_Fault_GivesItsCode(Exception fault, int code)
    {
        Assert.Equal(code, (int)FaultMapper.Map(fault).Code);
    }

    [Fact]
    public void Map_MessageOfManyLines_BecomesOne()
    {
        var (_, line) = FaultMapper.Map(new IOException("first\nsecond" + new string('x', 5000)));
        Assert.DoesNotContain('\n', line);
        Assert.InRange(line.Length, 1, 1010);
    }
}
