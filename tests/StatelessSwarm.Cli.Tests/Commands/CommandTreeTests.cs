using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Tests.Support;

namespace StatelessSwarm.Cli.Tests.Commands;

public sealed class CommandTreeTests
{
    public static TheoryData<string> Leaves()
    {
        var data = new TheoryData<string>();
        var context = new CommandContext { Terminal = new Terminal(TextWriter.Null, TextWriter.Null, false) };
        Walk(CommandTree.Create(context), "");
        return data;

        void Walk(Command command, string path)
        {
            if (command.Subcommands.Count == 0)
                data.Add(path);
            foreach (var sub in command.Subcommands)
                Walk(sub, $"{path} {sub.Name}".Trim());
        }
    }

    [Theory]
    [MemberData(nameof(Leaves))]
    public async Task Help_OfEveryCommand_HasExample(string path)
    {
        var run = await CommandRun.RunAsync([.. path.Split(' '), "--help"]);
        Assert.Equal(0, run.Code);
        Assert.Contains("Example", run.Out, StringComparison.Ordinal);
        Assert.Contains("  stateless " + path, run.Out, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Theory]
    [InlineData("imgae", "did you mean image?")]
    [InlineData("image biuld", "did you mean build?")]
    [InlineData("image build . -o x --formt erofs", "did you mean --format?")]
    [InlineData("image build", "stateless image build --help")]
    [InlineData("image build . -o x --format ext4", "ext4")]
    [InlineData("image build . -o x --level high", "high")]
    [InlineData("image", "stateless image --help")]
    [InlineData("", "stateless --help")]
    public async Task Usage_Wrong_IsOneLineAndCodeTwo(string line, string expected)
    {
        var run = await CommandRun.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, run.Code);
        Assert.Empty(run.Out);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        var text = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("stateless: ", text, StringComparison.Ordinal);
    }
}
