using System.CommandLine;
using StatelessSwarm.Cli.Exits;

namespace StatelessSwarm.Cli.Repositories;

/// <summary>The <c>--channel-days</c> option: how long a channel pointer is believed.</summary>
internal static class ChannelLifetime
{
    private const int MaxDays = 3650;

    /// <summary>A new option for one command; 90 days by default.</summary>
    public static Option<int> CreateOption() =>
        new("--channel-days") { HelpName = "N", Description = "Days the channel pointer is believed.", DefaultValueFactory = _ => 90 };

    /// <summary>Its value, checked.</summary>
    /// <exception cref="CommandException">Outside 1 to 3650.</exception>
    public static TimeSpan Read(ParseResult result, Option<int> option)
    {
        var days = result.GetValue(option);
        return days is >= 1 and <= MaxDays
            ? TimeSpan.FromDays(days)
            : throw new CommandException(ExitCode.Usage, $"--channel-days {days}: expected 1 to {MaxDays}");
    }
}
