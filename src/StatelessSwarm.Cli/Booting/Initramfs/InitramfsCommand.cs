using System.CommandLine;
using System.Globalization;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Swarm.Identities;

namespace StatelessSwarm.Cli.Booting.Initramfs;

/// <summary><c>stateless boot initramfs</c></summary>
internal static class InitramfsCommand
{
    /// <summary>The option that names the agent's binary.</summary>
    public static Option<string?> AgentOption() => new("--agent") { HelpName = "FILE", Description = "Binary of the agent; default this program." };

    /// <summary>The option that says which drivers go in.</summary>
    public static Option<string> ModulesOption()
    {
        var modules = new Option<string>("--modules") { HelpName = "most|virtual", Description = "Drivers of most machines (default), or of virtual machines only.", DefaultValueFactory = _ => "most" };
        modules.AcceptOnlyFromAmong("most", "virtual");
        return modules;
    }

    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var kernel = new Option<string>("--kernel") { Required = true, HelpName = "VERSION", Description = "Kernel whose modules go in, as uname -r says it." };
        var output = new Option<string>("--output", "-o") { Required = true, HelpName = "FILE", Description = "File to write." };
        var trust = new Option<string>("--trust") { HelpName = "FILE", Description = "Root metadata the machine will trust.", DefaultValueFactory = _ => "/etc/stateless/root.mp" };
        var configuration = new Option<string?>("--config") { HelpName = "FILE", Description = "Node configuration to put in: server, follow, site. The kernel's command line goes over it." };
        var identity = new Option<string?>("--identity") { HelpName = "DIR", Description = "Identity of the machine in closed swarms: this initramfs is then for one machine, and a secret." };
        var token = new Option<string?>("--enrol-token") { HelpName = "FILE", Description = "Token with which each machine makes itself an identity: this initramfs is then a secret." };
        var modules = ModulesOption();
        var more = new Option<string[]>("--module") { HelpName = "NAME", Description = "One more module, loaded in every boot. May be given several times." };
        var directory = new Option<string>("--modules-directory") { HelpName = "DIR", Description = "Where kernels have their modules.", DefaultValueFactory = _ => "/lib/modules" };
        var agent = AgentOption();
        var plain = new Option<bool>("--no-compress") { Description = "Do not compress it." };
        var command = new ToolCommand(
            "initramfs",
            "Makes a stand-alone initramfs for network boot, disks and ISO images: agent, busybox, modules, trust root.",
            "stateless boot initramfs --kernel 6.1.0-56-amd64 --trust repo/metadata/root.mp -o initrd.img"
        )
        {
            kernel,
            output,
            trust,
            configuration,
            identity,
            token,
            modules,
            more,
            directory,
            agent,
            plain,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                foreach (var path in new[] { result.GetValue(trust), result.GetValue(configuration), result.GetValue(token), result.GetValue(identity) is { } own ? Path.Combine(own, SwarmIdentity.KeyFile) : null })
                {
                    if (path is not null && !File.Exists(path))
                        throw new CommandException(ExitCode.Nothing, $"{path}: no such file");
                }
                var request = new InitramfsRequest
                {
                    Kernel = result.GetValue(kernel)!,
                    Output = Path.GetFullPath(result.GetValue(output)!),
                    Agent = result.GetValue(agent) ?? AgentFiles.OwnPath,
                    Trust = result.GetValue(trust)!,
                    Configuration = result.GetValue(configuration),
                    Identity = result.GetValue(identity),
                    Token = result.GetValue(token),
                    ModulesDirectory = result.GetValue(directory)!,
                    HasMostModules = result.GetValue(modules) == "most",
                    Modules = result.GetValue(more) ?? [],
                    IsCompressed = !result.GetValue(plain),
                    TimeStamp = uint.TryParse(context.Variable("SOURCE_DATE_EPOCH"), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch : 0,
                };
                var (bytes, files) = await InitramfsBuilder.BuildAsync(request, context.Tools, cancellation);
                context.Terminal.Out.WriteLine($"{request.Output}: {files} files, {ByteCount.Format(bytes)}, kernel {request.Kernel}");
                return (int)ExitCode.Done;
            }
        );
        return command;
    }
}
