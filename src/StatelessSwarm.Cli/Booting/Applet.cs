using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Booting;

/// <summary>
/// A program of an initramfs, by busybox where there is one: others of the same name (klibc's mount, say) take fewer options.
/// </summary>
internal static class Applet
{
    /// <summary>A run of <paramref name="name"/>.</summary>
    /// <exception cref="CommandException">There is neither busybox nor the program.</exception>
    public static ToolRun Of(ToolLocator tools, string name, IReadOnlyList<string> arguments, Action<ReadOnlyMemory<char>>? onOutput = null)
    {
        try
        {
            return new ToolRun { Program = tools.Find("busybox", "busybox-static"), Arguments = [name, .. arguments], OnOutput = onOutput };
        }
        catch (CommandException)
        {
            return new ToolRun { Program = tools.Find(name, "busybox-static"), Arguments = arguments, OnOutput = onOutput };
        }
    }
}
